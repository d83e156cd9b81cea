//! What the world around the lane is able to do, one kind of it for each search.

use crate::host;
use crate::lane::Powers;
use gate_protocol::pins::Input;
use gate_protocol::{Door, Lock, Site, WaysOut};

/// A site whose exit stays locked without current, and whose ways out all differ.
const LOCKED_SITE: Site = Site {
    on_fire: WaysOut::EntryOnly,
    on_emergency_stop: WaysOut::ExitOnly,
    on_power_loss: WaysOut::Both,
    exit_lock: Lock::FailSecure,
    ..Site::DEFAULT
};

pub(crate) fn beams() -> Powers {
    Powers {
        flips: &[Input::ZoneInFree, Input::ZoneOutFree],
        flips_at_once: 2,
        ..Powers::named("beams")
    }
}

pub(crate) fn emergencies() -> Powers {
    Powers {
        flips: &[Input::FireOk, Input::EstopOk1, Input::BreakglassOk],
        flips_at_once: 1,
        ..Powers::named("emergencies")
    }
}

pub(crate) fn people_in_leaves() -> Powers {
    Powers {
        flips: &[Input::EntrySafe, Input::ExitSafe],
        flips_at_once: 2,
        ..Powers::named("people in both leaves")
    }
}

/// Whoever walks out through curtain and beam, seen in both at once or in one after the other.
pub(crate) fn people_on_the_way_out() -> Powers {
    Powers {
        words: host::letting_through(),
        flips: &[Input::ExitSafe, Input::ZoneOutFree],
        flips_at_once: 2,
        ..Powers::named("people on the way out")
    }
}

/// An exit that somebody leans on, whose bolt stays out, and a hand in its curtain.
pub(crate) fn leant_on() -> Powers {
    Powers {
        words: host::leaving(),
        hands: &[Door::Exit],
        flips: &[Input::ExitLocked, Input::ExitSafe],
        flips_at_once: 2,
        ..Powers::named("an exit that is leant on")
    }
}

pub(crate) fn a_hand() -> Powers {
    Powers {
        hands: &[Door::Entry, Door::Exit],
        ..Powers::named("a hand on one leaf or the other")
    }
}

pub(crate) fn hands() -> Powers {
    Powers {
        hands: &[Door::Entry, Door::Exit],
        hands_at_once: 2,
        ..Powers::named("hands on both leaves")
    }
}

/// A bolt that is out, a hand that pushes its leaf, and a reset whenever it comes.
pub(crate) fn unbolted() -> Powers {
    Powers {
        hands: &[Door::Exit],
        flips: &[Input::ExitLocked],
        flips_at_once: 1,
        resets: true,
        ..Powers::named("a leaf without its bolt, resets")
    }
}

/// An exit whose leaf sticks in its frame, and a second person whom the sensor sees late.
pub(crate) fn stuck_exit() -> Powers {
    Powers {
        hands: &[Door::Exit],
        flips: &[Input::SingleOk],
        flips_at_once: 1,
        ..Powers::named("an exit that sticks, a sensor that is late")
    }
}

pub(crate) fn sensors_that_lie() -> Powers {
    Powers {
        flips: &[
            Input::SingleOk,
            Input::EmptyOk,
            Input::Chamber1Free,
            Input::EntryLocked,
            Input::ExitLocked,
            Input::ExitOpen,
            Input::DrivesOk,
        ],
        flips_at_once: 1,
        ..Powers::named("sensors that lie")
    }
}

pub(crate) fn contacts_that_lie() -> Powers {
    Powers {
        flips: &[Input::EntryClosed, Input::EntryOpen, Input::ExitClosed],
        flips_at_once: 1,
        ..Powers::named("contacts that lie")
    }
}

pub(crate) fn mains_cabinet_key() -> Powers {
    Powers {
        words: host::forcing(),
        flips: &[Input::TamperOk, Input::MainsOk, Input::KeyService],
        flips_at_once: 1,
        ..Powers::named("mains, cabinet, key")
    }
}

pub(crate) fn mains() -> Powers {
    Powers {
        flips: &[Input::MainsOk],
        flips_at_once: 1,
        ..Powers::named("mains")
    }
}

pub(crate) fn cabinet() -> Powers {
    Powers {
        flips: &[Input::TamperOk],
        flips_at_once: 1,
        ..Powers::named("cabinet")
    }
}

pub(crate) fn drives_that_fail() -> Powers {
    Powers {
        flips: &[Input::DrivesOk],
        flips_at_once: 1,
        ..Powers::named("drives that fail")
    }
}

pub(crate) fn dangers_at_a_locked_site() -> Powers {
    Powers {
        flips: &[
            Input::FireOk,
            Input::EstopOk1,
            Input::BreakglassOk,
            Input::MainsOk,
        ],
        flips_at_once: 1,
        site: LOCKED_SITE,
        ..Powers::named("other ways out, fail-secure exit")
    }
}

pub(crate) fn resets() -> Powers {
    Powers {
        resets: true,
        ..Powers::named("resets")
    }
}

pub(crate) fn resets_at_a_locked_site() -> Powers {
    Powers {
        resets: true,
        flips: &[Input::FireOk, Input::MainsOk],
        flips_at_once: 1,
        site: LOCKED_SITE,
        ..Powers::named("resets, fire, mains, fail-secure exit")
    }
}

pub(crate) fn sites() -> Powers {
    Powers {
        words: host::configuring(Lock::FailSafe),
        flips: &[Input::FireOk, Input::EstopOk1],
        flips_at_once: 1,
        ..Powers::named("host that configures")
    }
}
