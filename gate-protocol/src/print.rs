//! Any message and any frame in one readable line. Whoever looks at the cable sees no more of a
//! sealed frame than its length; the messages are for those who have opened it.
//!
//! ```text
//! hello v3 session 5 counter 0: hello, wire 3 to 3, wants a session
//! sealed v3 session 5 counter 12: 7 bytes
//! ```

use core::fmt::{self, Display, Formatter};

use crate::frame::{Frame, Kind, TAG_LEN};
use crate::hello::{self, Proposal, Reply};
use crate::message::{
    Answer, Board, Door, Event, Fault, Mode, Refusal, ResetCause, Sign, State, ToController,
    ToHost, Warning,
};
use crate::site::{Lock, NoSite, Shape, Site, SiteRecord, WaysOut};

/// A frame on its way to the controller, in one line.
#[derive(Clone, Copy, Debug)]
pub struct ForController<'a>(pub &'a Frame);

/// A frame on its way to the host, in one line.
#[derive(Clone, Copy, Debug)]
pub struct ForHost<'a>(pub &'a Frame);

impl Display for ForController<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        head(self.0, f)?;
        if self.0.kind == Kind::Sealed {
            return sealed(self.0, f);
        }
        match hello::read_call(&self.0.content) {
            Ok(call) => {
                if let Ok((_, clear)) = postcard::from_bytes::<(u32, ToController)>(call.clear) {
                    write!(f, "{clear}")?;
                }
                f.write_str(match call.proposal {
                    None => "",
                    Some(Proposal::Session(_)) => ", wants a session",
                    Some(Proposal::Pair(_)) => ", wants to pair",
                    Some(Proposal::PairLast(_)) => ", pairs",
                })
            }
            Err(error) => write!(f, "{error}"),
        }
    }
}

impl Display for ForHost<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        head(self.0, f)?;
        if self.0.kind == Kind::Sealed {
            return sealed(self.0, f);
        }
        match hello::read_reply(&self.0.content) {
            Ok((clear, reply)) => {
                write!(f, "{clear}")?;
                f.write_str(match reply {
                    None | Some(Reply::Nothing) => "",
                    Some(Reply::Session(_)) => ", opens a session",
                    Some(Reply::Unpaired) => ", paired with nobody",
                    Some(Reply::Stranger) => ", does not know this host",
                    Some(Reply::Pair(_)) => ", answers the pairing",
                    Some(Reply::PairingClosed) => ", pairs with nobody now",
                    Some(Reply::Paired(_)) => ", is paired",
                    Some(Reply::NoEntropy) => ", has no keys of its own",
                })
            }
            Err(error) => write!(f, "{error}"),
        }
    }
}

fn sealed(frame: &Frame, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "{} bytes", frame.content.len().saturating_sub(TAG_LEN))
}

fn head(frame: &Frame, f: &mut Formatter<'_>) -> fmt::Result {
    let kind = match frame.kind {
        Kind::Hello => "hello",
        Kind::Sealed => "sealed",
    };
    let Frame {
        version,
        session,
        counter,
        ..
    } = frame;
    write!(f, "{kind} v{version} session {session} counter {counter}: ")
}

impl Display for ToController {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello { wire_min, wire_max } => write!(f, "hello, wire {wire_min} to {wire_max}"),
            Self::Heartbeat { lease_ms, .. } => write!(f, "heartbeat, lease {lease_ms} ms"),
            Self::EventSeen { number } => write!(f, "event {number} seen"),
            Self::Permit {
                door,
                for_ms,
                passage,
            } => {
                write!(f, "permit {door} for {for_ms} ms{}", OfPassage(*passage))
            }
            Self::Withdraw => f.write_str("withdraw permits"),
            Self::SendBack { passage } => write!(f, "send back{}", OfPassage(*passage)),
            Self::SetMode { mode } => write!(f, "set mode {mode}"),
            Self::Show { sign } => write!(f, "show {sign}"),
            Self::ClearAlarm => f.write_str("clear alarm"),
            Self::Configure { site } => write!(f, "configure {site}"),
            Self::ReadSite => f.write_str("read site"),
            Self::Force { output, on, for_ms } => {
                let level = if *on { "on" } else { "off" };
                write!(f, "force output {output} {level} for {for_ms} ms")
            }
            Self::ReadHealth => f.write_str("read health"),
            Self::Update(request) => write!(f, "update: {request}"),
        }
    }
}

impl Display for ToHost {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello {
                wire_min,
                wire_max,
                firmware: [major, minor, patch],
                board,
                reset,
                uptime_ms,
            } => {
                write!(f, "hello, wire {wire_min} to {wire_max}, ")?;
                write!(f, "firmware {major}.{minor}.{patch} on {board}, ")?;
                write!(f, "started by {reset} {} ago", Seconds(*uptime_ms))
            }
            Self::Done { command, answer } => write!(f, "command #{command} {answer}"),
            Self::Status {
                uptime_ms,
                state,
                inputs,
                outputs,
                passage,
                newest_event,
                heartbeat_ms: _,
            } => {
                write!(
                    f,
                    "status at {}: {state}{}, ",
                    Seconds(*uptime_ms),
                    OfPassage(*passage)
                )?;
                write!(
                    f,
                    "inputs {inputs:06x}, outputs {outputs:05x}, newest event {newest_event}"
                )
            }
            Self::Event {
                number,
                uptime_ms,
                event,
            } => {
                write!(f, "event {number} at {}: {event}", Seconds(*uptime_ms))
            }
            Self::Site { site } => write!(f, "site {site}"),
            Self::Health { health } => {
                write!(f, "health at {}: {health}", Seconds(health.uptime_ms))
            }
            Self::LastFailure { failure } => write!(f, "last failure: {failure}"),
            Self::Update(report) => write!(f, "update: {report}"),
            Self::Warning(warning) => write!(f, "warning: {warning}"),
        }
    }
}

/// Milliseconds, printed as seconds.
struct Seconds(u32);

impl Display for Seconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Nothing for nobody.
struct OfPassage(u32);

impl Display for OfPassage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            passage => write!(f, ", passage {passage}"),
        }
    }
}

impl Display for Door {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
        })
    }
}

impl Display for Mode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::WalkIn => "walk in",
            Self::OnPermit => "on permit",
            Self::Free(Door::Entry) => "free to the entry",
            Self::Free(Door::Exit) => "free to the exit",
            Self::Blocked => "blocked",
        })
    }
}

impl Display for Sign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dark => "nothing",
            Self::Closed => "closed",
            Self::Welcome => "welcome",
            Self::Busy => "busy",
            Self::Go => "go",
            Self::Help => "help",
        })
    }
}

impl Display for Board {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NucleoL476rg => "nucleo-l476rg",
            Self::Simulated => "simulated board",
        })
    }
}

impl Display for ResetCause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOn => "power",
            Self::Pin => "reset line",
            Self::Software => "software",
            Self::Watchdog => "watchdog",
            Self::Unknown => "unknown cause",
        })
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSession => "no session",
            Self::NoLease => "no lease",
            Self::WrongPassage => "passage is not in the lane",
            Self::WrongState => "not in this state of the lane",
            Self::OtherDoorOpen => "other door not closed",
            Self::NotSingle => "not exactly one person",
            Self::NotEmpty => "lane not empty",
            Self::Alarm => "emergency, alarm or fault",
            Self::OutOfRange => "out of range",
            Self::NotThisShape => "not for a gate of this shape",
            Self::NotKept => "not kept over a power cut: the flash is worn out",
            Self::NoSite => "controller has no site",
            Self::Wiring => {
                "shape and exit lock change only at the open cabinet with the service key turned"
            }
            Self::TooOften => "too often: once in a minute",
        })
    }
}

impl Display for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secure => "secure",
            Self::Idle => "idle",
            Self::EntryOpen => "entry open",
            Self::EntryClosing => "entry closing",
            Self::Occupied => "occupied",
            Self::Several => "several inside",
            Self::ExitOpen => "exit open",
            Self::ExitClosing => "exit closing",
            Self::Returning => "returning",
            Self::LeftObject => "object left",
            Self::Emergency => "emergency",
            Self::Trouble => "trouble",
            Self::PowerFail => "power fail",
            Self::Tamper => "tamper",
            Self::Service => "service",
            Self::Blocked => "blocked",
            Self::Free => "free",
            Self::Armed => "armed",
            Self::Turning => "turning",
            Self::Obstructed => "obstructed",
            Self::NoSite(why) => return write!(f, "{why}"),
        })
    }
}

impl Display for NoSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no site yet"),
            Self::Unreadable => f.write_str("stored site unreadable"),
            Self::Version(found) => write!(
                f,
                "stored site in layout {found}, this firmware reads {}",
                SiteRecord::LAYOUT
            ),
        }
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublishedUpdateKey => {
                "takes updates from anybody: built with the published test key"
            }
            Self::SlowClock => "runs on its slow clock: the board is broken, replace it",
        })
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("controller started"),
            Self::Approached => f.write_str("somebody approached"),
            Self::WentAway => f.write_str("went away"),
            Self::Entered(passage) => write!(f, "entered{}", OfPassage(*passage)),
            Self::SeveralEntered(passage) => write!(f, "several entered{}", OfPassage(*passage)),
            Self::ExitReleased(passage) => write!(f, "exit released{}", OfPassage(*passage)),
            Self::Passed(passage) => write!(f, "passed{}", OfPassage(*passage)),
            Self::DidNotLeave(passage) => write!(f, "did not leave{}", OfPassage(*passage)),
            Self::ReturnReleased(passage) => write!(f, "return released{}", OfPassage(*passage)),
            Self::WentBack(passage) => write!(f, "went back{}", OfPassage(*passage)),
            Self::ObjectLeft(passage) => write!(f, "object left{}", OfPassage(*passage)),
            Self::ObjectRemoved(passage) => write!(f, "object removed{}", OfPassage(*passage)),
            Self::WrongWay => f.write_str("somebody came in through the exit"),
            Self::Forced(door) => write!(f, "{door} forced"),
            Self::HeldOpen(door) => write!(f, "{door} held open"),
            Self::Obstructed(door) => write!(f, "{door} obstructed"),
            Self::EmergencyBegan => f.write_str("emergency began"),
            Self::EmergencyEnded => f.write_str("emergency ended"),
            Self::Trouble(fault) => write!(f, "trouble: {fault}"),
            Self::TroubleCleared => f.write_str("trouble cleared"),
            Self::LeaseLapsed => f.write_str("lease lapsed"),
            Self::Abandoned(passage) => write!(f, "abandoned{}", OfPassage(*passage)),
            Self::MainsLost => f.write_str("mains lost"),
            Self::MainsReturned => f.write_str("mains returned"),
            Self::BatteryLow => f.write_str("battery low"),
            Self::TamperBegan => f.write_str("cabinet opened"),
            Self::TamperEnded => f.write_str("cabinet closed and cleared"),
            Self::ServiceBegan => f.write_str("service key on"),
            Self::ServiceEnded => f.write_str("service key off"),
            Self::Tailgated(passage) => write!(f, "several turned at once{}", OfPassage(*passage)),
            Self::Tampering(frames) => write!(f, "tampering with the line, {frames} frames"),
            Self::PairingOpened => f.write_str("pairing opened"),
            Self::PairingClosed => f.write_str("pairing closed"),
            Self::Paired => f.write_str("paired with a host"),
        }
    }
}

impl Display for Site {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shape = match self.shape {
            Shape::TwoDoors => "two doors",
            Shape::Turnstile => "turnstile",
        };
        let lock = match self.exit_lock {
            Lock::FailSafe => "fail-safe",
            Lock::FailSecure => "fail-secure",
        };
        write!(f, "{shape}, ways out: fire {}, ", self.on_fire)?;
        write!(f, "emergency stop {}, ", self.on_emergency_stop)?;
        write!(f, "power loss {}, exit {lock}", self.on_power_loss)
    }
}

impl Display for WaysOut {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "both",
            Self::EntryOnly => "entry",
            Self::ExitOnly => "exit",
        })
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoorContacts(door) => write!(f, "contacts of {door} contradict each other"),
            Self::UnicitySensor => f.write_str("unicity sensor says empty and single"),
            Self::DoorStuck(door) => write!(f, "{door} stuck"),
            Self::DoorForced(door) => write!(f, "{door} was forced"),
            Self::Output => f.write_str("output does not follow"),
            Self::EmergencyStopChannels => {
                f.write_str("channels of the emergency stop contradict each other")
            }
            Self::Drive => f.write_str("drive failed"),
            Self::ArmSensors => f.write_str("sensors of the arm contradict each other"),
        }
    }
}
