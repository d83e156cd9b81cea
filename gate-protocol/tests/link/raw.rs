//! A host that does what it likes: `snow` and a cipher without the link's rules around them, by the
//! text of the specification alone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what fails here fails the test that called it"
)]

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key};
use gate_protocol::body::FromHost;
use gate_protocol::frame::{Content, Kind};
use gate_protocol::hello::{self, Proposal, Reply};
use gate_protocol::{ControllerLink, Decoder, Frame, Instant, Next, ToController, ToHost, body};

use crate::world::host_keys;

pub(crate) struct RawHost {
    session: u8,
    counter: u32,
    to_controller: ChaCha20Poly1305,
    to_host: ChaCha20Poly1305,
    /// What it says it knows of the controller's uptime.
    pub(crate) knows_ms: u32,
}

pub(crate) fn frame(kind: Kind, session: u8, counter: u32, content: &[u8]) -> Frame {
    Frame {
        kind,
        version: 3,
        session,
        counter,
        content: Content::from_slice(content).unwrap(),
    }
}

/// Everything that the controller says now.
pub(crate) fn listen(now: Instant, controller: &mut ControllerLink) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    loop {
        match controller.next(now) {
            Next::Transmit(wire) => {
                frames.extend(wire.iter().filter_map(|byte| decoder.push(*byte)?.ok()));
            }
            Next::Deliver(_) => {}
            Next::Wait(_) => return frames,
        }
    }
}

impl RawHost {
    /// Shakes hands; says nothing under the new keys yet.
    pub(crate) fn open(now: Instant, session: u8, controller: &mut ControllerLink) -> Self {
        let keys = host_keys();
        let name = "Noise_KKpsk0_25519_ChaChaPoly_BLAKE2s".parse().unwrap();
        let clear = [0, 0, 3, 3];
        let mut prologue = b"e-gate".to_vec();
        prologue.extend([0b0000_0011, session]);
        prologue.extend(clear);
        let resolver = Box::new(snow::resolvers::DefaultResolver);
        let mut noise = snow::Builder::with_resolver(name, resolver)
            .fixed_ephemeral_key_for_testing_only(&[0x77; 32])
            .local_private_key(keys.own.bytes())
            .unwrap()
            .remote_public_key(&keys.pairing.peer.0)
            .unwrap()
            .psk(0, keys.pairing.shared.bytes())
            .unwrap()
            .prologue(&prologue)
            .unwrap()
            .build_initiator()
            .unwrap();
        let mut message = [0; 48];
        noise.write_message(&[], &mut message).unwrap();
        let call = hello::call(&Proposal::Session(&message));
        assert_eq!(call[..4], clear);
        let call = frame(Kind::Hello, session, 0, &call);
        controller.receive(now, &call.encode());
        let heard = listen(now, controller);
        let answer = heard.iter().find(|frame| frame.session == session).unwrap();
        let Ok((_, Some(Reply::Session(answer)))) = hello::read_reply(&answer.content) else {
            panic!("no session: {answer:?}");
        };
        noise.read_message(answer, &mut [0; 100]).unwrap();
        let (to_controller, to_host) = noise.dangerously_get_raw_split();
        Self {
            session,
            counter: 0,
            to_controller: ChaCha20Poly1305::new(&Key::from(to_controller)),
            to_host: ChaCha20Poly1305::new(&Key::from(to_host)),
            knows_ms: 0,
        }
    }

    pub(crate) fn seal(&mut self, body: &[u8]) -> Frame {
        let mut frame = frame(Kind::Sealed, self.session, self.counter, &[]);
        let payload = Payload {
            msg: body,
            aad: &frame.head(),
        };
        let sealed = self.to_controller.encrypt(&nonce(self.counter), payload);
        frame.content = Content::from_slice(&sealed.unwrap()).unwrap();
        self.counter += 1;
        frame
    }

    pub(crate) fn say(
        &mut self,
        now: Instant,
        controller: &mut ControllerLink,
        message: &ToController,
    ) {
        let number = if message.is_command() { 1 } else { 0 };
        let said = FromHost {
            knows_ms: self.knows_ms,
            number,
            message: *message,
        };
        let frame = self.seal(&body::to_controller(&said));
        controller.receive(now, &frame.encode());
    }

    /// Everything that the controller says to this host now, opened.
    pub(crate) fn hear(&mut self, now: Instant, controller: &mut ControllerLink) -> Vec<ToHost> {
        let sealed = |frame: &Frame| frame.kind == Kind::Sealed && frame.session == self.session;
        let frames = listen(now, controller).into_iter().filter(sealed);
        let opened = frames.map(|frame| {
            let payload = Payload {
                msg: &frame.content,
                aad: &frame.head(),
            };
            let body = self.to_host.decrypt(&nonce(frame.counter), payload);
            body::read_to_host(&body.expect("sealed for this host")).unwrap()
        });
        opened.collect()
    }
}

fn nonce(counter: u32) -> chacha20poly1305::Nonce {
    let mut nonce = [0; 12];
    nonce[4..8].copy_from_slice(&counter.to_le_bytes());
    nonce.into()
}
