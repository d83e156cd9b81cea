//! The power fails while the real image is written, tried and confirmed, at each sort of flash
//! operation that there is: whatever it hits, the board boots the old image or the new one.
//!
//! Every single operation, four ways each, is cut on the host: `power_cuts` in `gate-boot`.

use super::update::Release;
use super::*;
use gate_boot::image::HEADER_LEN;
use gate_boot::key::TEST_SEED;
use gate_boot::map::{DOUBLE_WORD, FLASH, HEADER, PAGE};
use gate_boot::pack;
use gate_boot::records::Trial;
use gate_boot::slot::Slot;
use gate_sim::emulator::Torn;

const OLD: [u8; 3] = [0, 1, 0];
const NEW: [u8; 3] = [0, 2, 0];

/// Chunks of a body that needs a second page.
const BODY: u32 = PAGE - HEADER + 128;

/// The operations of an update whose image has [`BODY`] bytes, in their order.
mod operation {
    use super::*;

    const fn words(bytes: u32) -> u64 {
        (bytes / DOUBLE_WORD) as u64
    }

    pub(super) const ERASE_FIRST: u64 = 0;
    pub(super) const BODY_FIRST: u64 = 1;
    pub(super) const BODY_MIDDLE: u64 = words(PAGE - HEADER) / 2;
    pub(super) const ERASE_SECOND: u64 = BODY_FIRST + words(PAGE - HEADER);
    pub(super) const BODY_LAST: u64 = HEADER_FIRST - 1;
    pub(super) const HEADER_FIRST: u64 = BODY_FIRST + words(BODY) + 1;
    pub(super) const HEADER_MIDDLE: u64 = HEADER_FIRST + words(HEADER_LEN as u32) / 2;
    pub(super) const HEADER_LAST: u64 = RECORD_FIRST - 1;
    pub(super) const RECORD_FIRST: u64 = HEADER_FIRST + words(HEADER_LEN as u32);
    pub(super) const RECORD_LAST: u64 = RECORD_FIRST + 1;
    pub(super) const COUNT: u64 = RECORD_LAST + 1;
}

/// Images that light the fault lamp and do nothing else, for ever.
fn lamps() -> Release {
    let image = |slot: Slot| {
        // ldr r0, the ports' clocks; ldr r1, the first four; str; ldr r0, port A; ldr r1, its modes
        // after a reset but for pin 5, an output; str; movs r1, pin 5; str r1, "set"; b .; nop
        let code: [u16; 10] = [
            0x4804, 0x4905, 0x6001, 0x4805, 0x4905, 0x6001, 0x2120, 0x6181, 0xE7FE, 0xBF00,
        ];
        let words: [u32; 4] = [0x4002_104C, 0xF, 0x4800_0000, 0xABFF_F7FF];
        let vectors = [0x2000_4000, (slot.vectors() + 8) | 1];
        let mut body: Vec<u8> = vectors.map(u32::to_le_bytes).concat();
        body.extend(code.map(u16::to_le_bytes).concat());
        body.extend(words.map(u32::to_le_bytes).concat());
        body.resize(BODY as usize, 0xA5);
        pack::signed(&body, &pack::about(slot, NEW, 1), &TEST_SEED)
    };
    Release(Slot::ALL.map(image).concat())
}

impl Bench {
    /// The power comes back; gives the version that starts.
    fn boots(&mut self) -> [u8; 3] {
        self.board.power_cut();
        let sessions = self.sessions.len();
        self.board.power_back().expect("power");
        let lamp = Bits(0).with_output(Output::FaultLed, true);
        self.until("an image that says which it is", |bench| {
            bench.sessions.len() > sessions || bench.board.outputs() == lamp
        });
        match self.sessions.get(sessions) {
            Some(session) => session.firmware,
            None => NEW,
        }
    }
}

fn say(line: &str) {
    // Around the test harness, which swallows what passing tests print.
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("a terminal");
}

#[test]
fn wherever_the_power_fails_while_an_image_is_written_the_old_one_boots_until_the_last_word() {
    use operation::*;
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    let release = lamps();
    for (what, operation, torn) in [
        ("before the first page is erased", ERASE_FIRST, Torn::Before),
        ("while the first page is erased", ERASE_FIRST, Torn::Halfway),
        ("in the body's first word", BODY_FIRST, Torn::Halfway),
        ("in the middle of the body", BODY_MIDDLE, Torn::Halfway),
        (
            "while the second page is erased",
            ERASE_SECOND,
            Torn::Halfway,
        ),
        ("in the body's last word", BODY_LAST, Torn::Halfway),
        ("before the header", HEADER_FIRST, Torn::Before),
        ("in the header's first word", HEADER_FIRST, Torn::Halfway),
        (
            "in the middle of the signature",
            HEADER_MIDDLE,
            Torn::Halfway,
        ),
        ("in the header's last word", HEADER_LAST, Torn::Halfway),
        (
            "before the word that it is to be tried",
            RECORD_FIRST,
            Torn::Before,
        ),
        ("in the record of the trial", RECORD_FIRST, Torn::Halfway),
        ("in the record's last word", RECORD_LAST, Torn::Halfway),
    ] {
        let before = bench.board.flash().operations();
        bench.board.flash().cut_power(operation, torn);
        let mut upload = release.upload();
        while bench.board.has_power() {
            let answer = bench.step(&mut upload);
            assert!(!matches!(answer, Some(Err(_))), "{what}: {answer:?}");
            assert!(
                upload.request().is_some() || !bench.board.has_power(),
                "{what}: no cut"
            );
        }
        assert_eq!(
            bench.board.flash().operations() - before,
            operation + 1,
            "{what}"
        );
        let version = bench.boots();
        say(&format!("power lost {what}: boots {version:?}\n"));
        assert_eq!(version, OLD, "{what}");
        assert_eq!(bench.records().trial, None, "{what}");
        bench.until("rest", |bench| bench.is(State::Idle));
    }
    // Whole, it is tried; once, because it proves nothing.
    let before = bench.board.flash().operations();
    assert_eq!(bench.update(&release), Ok(()));
    assert_eq!(
        bench.board.flash().operations() - before,
        COUNT,
        "the list above is of this"
    );
    bench.until("the lamp", |bench| {
        bench.records().trial == Some(Trial::Begun(Slot::B)) && bench.on(Output::FaultLed)
    });
    assert_eq!(bench.boots(), OLD);
}

#[test]
fn wherever_the_power_fails_in_a_trial_the_new_image_boots_until_it_has_begun_and_once_it_is_confirmed()
 {
    let Some(release) = Release::of(NEW, 2) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    bench.board.power_cut();
    bench.put_on_trial(&release);
    let ahead = bench.board.flash().read(FLASH);
    let mut booted = Vec::new();
    loop {
        let operation = booted.len() as u64;
        bench.board.power_cut();
        bench.board.flash().load(FLASH.start, &ahead);
        bench.board.flash().cut_power(operation, Torn::Halfway);
        bench.board.power_back().expect("power");
        bench.until("darkness or proof", |bench| {
            !bench.board.has_power() || bench.records().confirmed == Some(Slot::B)
        });
        if bench.board.has_power() {
            break;
        }
        let version = bench.boots();
        say(&format!(
            "power lost in operation {operation} of a trial: boots {version:?}\n"
        ));
        booted.push(version);
    }
    bench.board.flash().forget_cut();
    assert_eq!(bench.boots(), NEW, "confirmed");
    // Two words say that the trial has begun, the last two that it is over; between them the starts
    // are counted.
    let (not_begun, begun) = booted.split_at(2);
    assert_eq!(not_begun, [NEW; 2]);
    assert!(
        begun.len() > 2 && begun.iter().all(|version| *version == OLD),
        "{booted:?}"
    );
}
