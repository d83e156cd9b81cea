//! The real image without a site.

use super::turnstile::SITE;
use super::*;
use gate_protocol::NoSite;
use gate_protocol::pins::{TurnstileInput, TurnstileOutput};
use gate_sim::emulator::{preloaded, site_record, with_pairing_and_site};

/// A turnstile at rest. To the terminals that only a lane has nothing is connected.
pub(super) fn turnstile_alone() -> Bits {
    [
        TurnstileInput::FireOk,
        TurnstileInput::EstopOk1,
        TurnstileInput::EstopOk2,
        TurnstileInput::Home,
        TurnstileInput::ArmFree,
        TurnstileInput::Beam1Free,
        TurnstileInput::Beam2Free,
        TurnstileInput::Beam3Free,
        TurnstileInput::TamperOk,
        TurnstileInput::MainsOk,
    ]
    .into_iter()
    .fold(Bits(0), |bits, input| {
        bits.with_turnstile_input(input, true)
    })
}

impl Bench {
    /// A board from the factory, paired, with these levels at its inputs, and a host session.
    pub(super) fn without_site(inputs: Bits) -> Option<Self> {
        let mut bench = Self::switched_on_at(inputs, |config| {
            *config = config.clone().without_site();
        })?;
        bench.arm = true;
        bench.until("a session", |bench| !bench.sessions.is_empty());
        Some(bench)
    }

    fn drives_nothing(&self) -> bool {
        self.board.outputs().with_output(Output::Watchdog, false) == Bits(0)
    }

    fn is_refused(&mut self, asked: ToController) {
        let refused = self.refused;
        self.link.send(asked).expect("a session");
        self.until("a refusal", |bench| bench.refused > refused);
    }
}

/// From the factory to a turnstile that serves, without a reset and without a lane's terminals.
#[test]
fn a_new_controller_drives_nothing_until_it_is_told_that_it_is_a_turnstile() {
    let Some(mut bench) = Bench::without_site(turnstile_alone()) else {
        return;
    };
    let none = State::NoSite(NoSite::Missing);
    let changes = bench.board.changes();
    bench.until("a status", |bench| bench.is(none));
    for input in [Input::FireOk, Input::EstopOk1] {
        bench.board.set_input(input, false).unwrap();
        bench.until("the danger to be read", |bench| {
            bench
                .status
                .is_some_and(|status| !Bits(status.inputs).input(input))
        });
        bench.board.set_input(input, true).unwrap();
    }
    bench.is_refused(ToController::SetMode { mode: Mode::WalkIn });
    bench.is_refused(ToController::ReadSite);
    bench.send(ToController::ReadHealth);
    assert!(bench.is(none) && bench.drives_nothing());
    assert!(changes.try_recv().is_err(), "an output moved");

    bench.send(ToController::Configure { site: SITE });
    bench.offer();
    assert!(bench.on(Output::EntryHold) && bench.on(Output::ExitHold));
    bench.send(ToController::ReadSite);
    bench.until("the site", |bench| bench.site == Some(SITE));
    assert_eq!((bench.sessions.len(), bench.board.resets()), (1, 0));
    // No edge was a lane's: a drive's, an emergency opening's.
    let holds = |change: &Change| {
        let drives = |output| change.outputs.output(output);
        !drives(Output::EntryDrive) && !drives(Output::ExitDrive) && !drives(Output::EntryRelease)
    };
    assert!(changes.try_iter().all(|change| holds(&change)));

    bench.board.power_cut();
    bench.board.power_back().unwrap();
    bench.until("a turnstile again", |bench| {
        bench.sessions.len() == 2 && bench.is(State::Idle)
    });
    assert!(
        bench
            .board
            .outputs()
            .turnstile_output(TurnstileOutput::EntryHold)
    );
}

/// What an older or a newer firmware has written, or a flash has ruined, is told from nothing.
#[test]
fn a_stored_site_that_cannot_be_obeyed_is_none_and_is_named() {
    let page = test_page(TEST_SERIAL);
    let newer = [&[9], &site_record(SITE)[1..]].concat();
    let ruined = &site_record(SITE)[..7];
    for (record, why) in [
        (newer.as_slice(), NoSite::Version(9)),
        (ruined, NoSite::Unreadable),
    ] {
        let pairing = keys::pairing_of_controller(&page);
        let Some(mut bench) = Bench::switched_on_with(|config| {
            config.preload = vec![preloaded(&page), with_pairing_and_site(&pairing, record)];
        }) else {
            return;
        };
        bench.until("the reason", |bench| bench.is(State::NoSite(why)));
        assert!(bench.drives_nothing());
        bench.send(ToController::Configure {
            site: Site::DEFAULT,
        });
        bench.until("a lane", |bench| bench.is(State::Idle));
        assert!(bench.on(Output::EntryHold) && bench.on(Output::ExitHold));
    }
}
