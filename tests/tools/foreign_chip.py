#!/usr/bin/python3
"""A travel document's chip by other people, behind vpcd: Debian's vsmartcard-vpicc.

    foreign_chip.py --port 35973 --zone LINE LINE --file 0101=DG1.bin --file 011D=EF.SOD.bin ...
    foreign_chip.py ... --pace 0204:0C 0202:0D [--can 123456]

With --pace the same document opens with PACE alone: in the first of these ways (the end of its identifier,
and its domain parameters; Doc 9303-11, 9.2.1 and 9.5.1), and after it has been opened with the card access
number and reset, in the next.

File system, SELECT, READ BINARY, GET CHALLENGE, the whole of Basic Access Control, retail MAC and
3DES are those of the package (3.3+dfsg-2), imported unmodified. As packaged the passport does not
start, so these things are put right in memory, and nowhere else:

1. It lies beside Python's path and imports `Crypto`, which Debian calls `Cryptodome`.
2. Exclusive or and the notes about control references join bytes with text (Python 2).
3. Its constructor takes the zone out of a file by a path of text: the zone comes as an argument.
4. Protected responses lack DO'99', and the send sequence counter is not eight bytes long: secure
   messaging here is a page of our own around the package's ciphers (Doc 9303-11, 9.8).
5. Files can be read before the chip has been opened: here they cannot.
6. A command that arrives in two pieces is cut: the line is read to the announced length.

With --pace the cryptography of PACE and of secure messaging is OpenPACE's (package libeac3), called
through its C functions; the four steps of GENERAL AUTHENTICATE around it are ours (Doc 9303-11, 4.4).

Use /usr/bin/python3: Debian's modules are for the system's Python.
"""

import argparse
import ctypes
import socket
import struct
import sys


def lend_crypto():
    """1. The names that the package imports."""
    import Cryptodome.Cipher
    import Cryptodome.Hash
    import Cryptodome.Util
    from Cryptodome.Cipher import AES, ARC4, DES, DES3  # noqa: F401
    from Cryptodome.Hash import HMAC, MD5, SHA1  # noqa: F401

    Cryptodome.Hash.SHA = SHA1
    for name in ("", ".Cipher", ".Hash", ".Util"):
        sys.modules["Crypto" + name] = sys.modules["Cryptodome" + name]


lend_crypto()
sys.path += [
    "/usr/lib/python3/site-packages",
    "/usr/lib/python3/site-packages/virtualsmartcard",
]

import virtualsmartcard.CryptoUtils as ciphers  # noqa: E402
import virtualsmartcard.SEutils as environments  # noqa: E402
import virtualsmartcard.SmartcardFilesystem as filesystem  # noqa: E402
from virtualsmartcard.SmartcardSAM import SAM  # noqa: E402
from virtualsmartcard.SWutils import SwError  # noqa: E402
from virtualsmartcard.VirtualSmartcard import Iso7816OS  # noqa: E402
from virtualsmartcard.cards.ePass import PassportSAM, ePass_SE  # noqa: E402

# 2.
ciphers.operation_on_string = lambda one, other, join: bytes(map(join, one, other))
environments.ControlReferenceTemplate._ControlReferenceTemplate__replace_tag = (
    lambda *_: None
)

APPLICATION = bytes.fromhex("A0000002471001")


class Access(PassportSAM):
    """3. Basic Access Control of the package, with the zone as an argument."""

    def __init__(self, files, lines):
        SAM.__init__(self, None, None, files, default_se=ePass_SE)
        self.mrz1, self.mrz2 = (line.encode() for line in lines)
        self._PassportSAM__computeKeys()
        self.session = None

    def external_authenticate(self, p1, p2, data):
        answer = PassportSAM.external_authenticate(self, p1, p2, data)
        self.session = BacSession(self.current_SE)
        return answer


class BacSession:
    """3DES, retail MAC, and eight bytes of counter."""

    block = 8

    def __init__(self, keys):
        self.keys = keys

    def step(self):
        self.keys.ssc = (self.keys.ssc + 1) % (1 << 64)

    def mac(self, padded):
        counted = self.keys.ssc.to_bytes(8, "big") + padded
        return ciphers.crypto_checksum("CC", self.keys.cct.key, counted)

    def encrypt(self, padded):
        return ciphers.encrypt("DES3-CBC", self.keys.ct.key, padded)

    def decrypt(self, cryptogram):
        return ciphers.decrypt("DES3-CBC", self.keys.ct.key, cryptogram)


class Buffer(ctypes.Structure):
    """BUF_MEM of OpenSSL."""

    _fields_ = [
        ("length", ctypes.c_size_t),
        ("data", ctypes.POINTER(ctypes.c_ubyte)),
        ("max", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
    ]


class Pace:
    """One run of PACE, and the session after it, by libeac."""

    MRZ, CAN = 1, 2

    def __init__(self, way, passwords):
        card_access = card_access_of(way)
        # Triple DES has blocks of 8 bytes.
        self.block = 8 if way[0].endswith("01") else 16
        self.library = ctypes.CDLL("libeac.so.3")
        pointer = ctypes.c_void_p
        for name in ("EAC_CTX_new", "PACE_SEC_new"):
            getattr(self.library, name).restype = pointer
        self.library.BUF_MEM_create_init.restype = ctypes.POINTER(Buffer)
        self.library.EAC_init()
        self.context = pointer(self.library.EAC_CTX_new())
        size = ctypes.c_size_t(len(card_access))
        self.library.EAC_CTX_init_ef_cardaccess(card_access, size, self.context)
        self.passwords = passwords
        self.terminal_key = None

    def call(self, name, *arguments):
        """A function that takes the context and buffers, and gives a buffer."""
        function = getattr(self.library, name)
        function.restype = ctypes.POINTER(Buffer)
        found = function(self.context, *self.lend(arguments))
        if not found:
            raise ValueError(name)
        return bytes(found.contents.data[: found.contents.length])

    def check(self, name, *arguments):
        """A function that takes the context and buffers, and says whether all is well."""
        function = getattr(self.library, name)
        function.restype = ctypes.c_int
        if function(self.context, *self.lend(arguments)) != 1:
            raise ValueError(name)

    def lend(self, arguments):
        lent = []
        for argument in arguments:
            if isinstance(argument, bytes):
                size = ctypes.c_size_t(len(argument))
                argument = self.library.BUF_MEM_create_init(argument, size)
            lent.append(argument)
        return lent

    def nonce(self, kind):
        password = self.passwords[kind]
        size = ctypes.c_size_t(len(password))
        secret = ctypes.c_void_p(self.library.PACE_SEC_new(password, size, kind))
        return self.call("PACE_STEP1_enc_nonce", secret)

    def mapping(self, terminal):
        own = self.call("PACE_STEP3A_generate_mapping_data")
        self.check("PACE_STEP3A_map_generator", terminal)
        return own

    def agreement(self, terminal):
        own = self.call("PACE_STEP3B_generate_ephemeral_key")
        self.check("PACE_STEP3B_compute_shared_secret", terminal)
        self.terminal_key = terminal
        return own

    def tokens(self, terminal):
        self.check("PACE_STEP3C_derive_keys")
        own = self.call("PACE_STEP3D_compute_authentication_token", self.terminal_key)
        self.check("PACE_STEP3D_verify_authentication_token", terminal)
        self.library.EAC_CTX_set_encryption_ctx(self.context, 0)
        return own

    def step(self):
        self.library.EAC_increment_ssc(self.context)

    def mac(self, padded):
        return self.call("EAC_authenticate", padded)

    def encrypt(self, padded):
        return self.call("EAC_encrypt", padded)

    def decrypt(self, cryptogram):
        return self.call("EAC_decrypt", cryptogram)


def objects(data):
    """BER-TLV data objects with tags of one byte: tag, whole object, value."""
    at = 0
    while at < len(data):
        start, tag, length = at, data[at], data[at + 1]
        at += 2
        if length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        yield tag, data[start : at + length], data[at : at + length]
        at += length


def wrap(tag, value):
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + value


def body(command):
    """Data and Le of a command, short or extended (ISO/IEC 7816-4, 5.1)."""
    rest = command[4:]
    if not rest:
        return b"", None
    if rest[0] == 0 and len(rest) >= 3:
        length = int.from_bytes(rest[1:3], "big")
        if len(rest) == 3:
            return b"", length or 65536
        data, rest = rest[3 : 3 + length], rest[3 + length :]
        return data, (int.from_bytes(rest, "big") or 65536) if rest else None
    if len(rest) == 1:
        return b"", rest[0] or 256
    data, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    return data, (rest[0] or 256) if rest else None


class Chip(Iso7816OS):
    """4 and 5. Secure messaging and the access rule, around the package's commands."""

    def __init__(self, root, access, card_access, pace):
        Iso7816OS.__init__(self, root, access, extended_length=True)
        # Ways of PACE that are still to be offered, and what begins one; none for a document with BAC.
        self.ways, self.pace = pace
        self.card_access = card_access
        self.running = None
        self.was_opened_by_number = False
        if self.ways:
            self.offer()
            self.ins2handler[0x22] = self.set_password
            self.ins2handler[0x86] = self.general_authenticate
            del self.ins2handler[0x82]

    def offer(self):
        """EF.CardAccess with the first of the ways."""
        self.card_access.data = card_access_of(self.ways[0])

    def offer_next(self):
        if self.was_opened_by_number and len(self.ways) > 1:
            self.ways = self.ways[1:]
            self.offer()
        self.was_opened_by_number = False

    def set_password(self, p1, p2, data):
        kinds = [value for tag, _, value in objects(data) if tag == 0x83]
        if (p1, p2) != (0xC1, 0xA4) or kinds not in ([b"\x01"], [b"\x02"]):
            raise SwError(0x6A80)
        self.running = (self.pace(self.ways[0]), kinds[0][0])
        return 0x9000, b""

    def general_authenticate(self, _p1, _p2, data):
        if self.running is None:
            raise SwError(0x6985)
        pace, kind = self.running
        inner = [value for tag, _, value in objects(data) if tag == 0x7C]
        given = [(tag, value) for tag, _, value in objects(inner[0] if inner else b"")]
        try:
            if not given:
                return 0x9000, wrap(0x7C, wrap(0x80, pace.nonce(kind)))
            tag, value = given[0]
            step = {0x81: pace.mapping, 0x83: pace.agreement, 0x85: pace.tokens}[tag]
            answer = wrap(0x7C, wrap(tag + 1, step(value)))
        except (KeyError, ValueError):
            self.running = None
            raise SwError(0x6300)
        if tag == 0x85:
            self.SAM.session, self.running = pace, None
            self.was_opened_by_number = kind == Pace.CAN
        return 0x9000, answer

    def execute(self, message):
        message = bytes(message)
        data, wanted = body(message)
        session = self.SAM.session
        if not message[0] & 0x0C:
            if session and message[1] != 0xA4:
                self.close()
            is_public = self.ways and self.at_root()
            if message[1] == 0xB0 and not (self.SAM.session or is_public):
                return b"\x69\x82"
            answer, status = self.run(message, data, wanted)
            return answer + status
        if not session:
            return b"\x69\x88"
        plain = self.unprotect(message[:4], data)
        if plain is None:
            self.close()
            return b"\x69\x88"
        answer, status = self.run(message, *plain)
        return self.protect(answer, status) + status

    def at_root(self):
        """EF.CardAccess is for everybody."""
        file = self.mf.currentEF()
        return file is not None and file.parent is self.mf

    def run(self, message, data, wanted):
        handler = self.ins2handler.get(message[1])
        if handler is None:
            return b"", b"\x6d\x00"
        try:
            status, answer = handler(message[2], message[3], data)
        except SwError as refusal:
            return b"", refusal.sw.to_bytes(2, "big")
        answer = answer.encode("latin1") if isinstance(answer, str) else bytes(answer)
        if message[1] == 0xB0 and wanted is not None:
            answer = answer[:wanted]
        return answer, status.to_bytes(2, "big")

    def pad(self, text):
        return ciphers.append_padding(self.SAM.session.block, text)

    def unprotect(self, header, data):
        session = self.SAM.session
        covered, cryptogram, wanted, mac = b"", b"", None, None
        for tag, whole, value in objects(data):
            if tag == 0x8E:
                mac = value
                continue
            covered += whole
            if tag == 0x87:
                cryptogram = value[1:]
            elif tag == 0x97:
                wanted = int.from_bytes(value, "big") or (256 if len(value) == 1 else 65536)
        session.step()
        protected = self.pad(header) + (self.pad(covered) if covered else b"")
        if mac is None or session.mac(protected) != mac:
            return None
        if not cryptogram:
            return b"", wanted
        plain = session.decrypt(cryptogram)
        return ciphers.strip_padding(session.block, plain), wanted

    def protect(self, answer, status):
        session, text = self.SAM.session, b""
        session.step()
        if answer:
            text = wrap(0x87, b"\x01" + session.encrypt(self.pad(answer)))
        text += wrap(0x99, status)
        return text + wrap(0x8E, session.mac(self.pad(text)))

    def close(self):
        self.SAM.session = None

    def powerUp(self):
        Iso7816OS.powerUp(self)
        self.close()
        self.offer_next()

    def reset(self):
        Iso7816OS.reset(self)
        self.close()
        self.offer_next()


def card_access_of(way):
    """EF.CardAccess with one PACEInfo of version 2 (Doc 9303-11, 9.2.1)."""
    protocol = wrap(0x06, bytes.fromhex("04007F00070202" + "04" + way[0]))
    entry = wrap(0x30, protocol + b"\x02\x01\x02" + wrap(0x02, bytes.fromhex(way[1])))
    return wrap(0x31, entry)


def passwords(arguments):
    """libeac takes the fields of a zone from where TD1 has them, whatever the document."""
    second = arguments.zone[1]
    number, birth, expiry = second[0:10], second[13:20], second[21:28]
    zone = number.rjust(15, "<").ljust(30, "<") + birth + "<" + expiry
    return {Pace.MRZ: zone.encode(), Pace.CAN: arguments.can.encode()}


def document(arguments):
    root = filesystem.MF()
    application = filesystem.DF(
        parent=root, fid=4, dfname=APPLICATION, bertlv_data=[]
    )
    for named in arguments.file:
        identifier, path = named.split("=", 1)
        identifier = int(identifier, 16)
        with open(path, "rb") as file:
            content = file.read()
        application.append(
            filesystem.TransparentStructureEF(
                parent=application,
                fid=identifier,
                shortfid=identifier & 0x1F,
                filedescriptor=0,
                data=content,
            )
        )
    root.append(application)
    ways = [way.split(":") for way in arguments.pace]
    card_access = filesystem.TransparentStructureEF(
        parent=root, fid=0x011C, shortfid=0x1C, filedescriptor=0, data=b""
    )
    if ways:
        root.append(card_access)
    known = passwords(arguments)
    pace = (ways, lambda way: Pace(way, known))
    return Chip(root, Access(root, arguments.zone), card_access, pace)


def serve(chip, port):
    """6. vpcd's line: two bytes of length and a command; one byte is a signal."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def take(count):
        taken = b""
        while len(taken) < count:
            # vpcd writes length and command apart: without this each waits for the other's
            # delayed acknowledgement.
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = line.recv(count - len(taken))
            if not piece:
                sys.exit(0)
            taken += piece
        return taken

    print("in the field", flush=True)
    while True:
        message = take(struct.unpack("!H", take(2))[0])
        signals = {b"\x01": chip.powerUp, b"\x02": chip.reset}
        if message in signals:
            signals[message]()
        elif message == b"\x04":
            answer = bytes.fromhex("3B80800101")
            line.sendall(struct.pack("!H", len(answer)) + answer)
        elif len(message) > 1:
            answer = chip.execute(message)
            line.sendall(struct.pack("!H", len(answer)) + answer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--zone", nargs=2, required=True, metavar="LINE")
    parser.add_argument("--file", action="append", default=[], metavar="ID=PATH")
    parser.add_argument("--pace", nargs="+", default=[], metavar="WAY:PARAMETERS")
    parser.add_argument("--can", default="123456")
    given = parser.parse_args()
    serve(document(given), given.port)
