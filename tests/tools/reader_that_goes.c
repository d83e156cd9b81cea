/* A reader that somebody unplugs while its daemon stays: the driver of vsmartcard's virtual reader, with
   the cable cut for as long as the file GATE_UNPLUGGED exists. What stands here is what the PC/SC daemon
   asks of a driver (PC/SC IFD handler, version 3); the rest is the other driver's own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef unsigned long word;
struct io_header {
    word protocol, length;
};

enum { COMMUNICATION_ERROR = 612 };

static int unplugged(void) {
    const char *mark = getenv("GATE_UNPLUGGED");
    return mark && access(mark, F_OK) == 0;
}

long IFDHICCPresence(word lun) {
    long (*own)(word) = (long (*)(word))dlsym(RTLD_NEXT, "IFDHICCPresence");
    return unplugged() || !own ? COMMUNICATION_ERROR : own(lun);
}

long IFDHPowerICC(word lun, word action, unsigned char *answer, word *length) {
    long (*own)(word, word, unsigned char *, word *) =
        (long (*)(word, word, unsigned char *, word *))dlsym(RTLD_NEXT, "IFDHPowerICC");
    if (unplugged() || !own) {
        *length = 0;
        return COMMUNICATION_ERROR;
    }
    return own(lun, action, answer, length);
}

long IFDHTransmitToICC(word lun, struct io_header send, unsigned char *command, word length,
                       unsigned char *response, word *room, struct io_header *receive) {
    typedef long transmit(word, struct io_header, unsigned char *, word, unsigned char *, word *,
                          struct io_header *);
    transmit *own = (transmit *)dlsym(RTLD_NEXT, "IFDHTransmitToICC");
    if (unplugged() || !own) {
        *room = 0;
        return COMMUNICATION_ERROR;
    }
    return own(lun, send, command, length, response, room, receive);
}
