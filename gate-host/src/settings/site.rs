//! The gate's site as a settings file names it.

use super::Span;
use gate_protocol::site::{CheckedSite, Lock, OutOfBounds, Shape, Site, Timings, WaysOut};
use serde::Deserialize;

/// How the gate is built and what its site demands; defaults for what is not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSettings {
    shape: Option<ShapeName>,
    on_fire: Option<WaysName>,
    on_emergency_stop: Option<WaysName>,
    on_power_loss: Option<WaysName>,
    exit_lock: Option<LockName>,
    timings: TimingSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ShapeName {
    TwoDoors,
    Turnstile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WaysName {
    Both,
    EntryOnly,
    ExitOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LockName {
    FailSafe,
    FailSecure,
}

macro_rules! timing_settings {
    ($($name:ident),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct TimingSettings {
            $($name: Option<Span>,)+
        }

        impl TimingSettings {
            fn timings(&self) -> Timings {
                Timings {
                    $($name: self.$name.map_or(Timings::DEFAULT.$name, milliseconds),)+
                }
            }
        }
    };
}

timing_settings!(
    enter,
    stand_open,
    opening,
    closing,
    reopened,
    held_open,
    single,
    left_object,
    decide,
    trap,
    clear,
    armed,
    turning,
);

/// More milliseconds than a field holds are out of any bounds.
fn milliseconds(Span(time): Span) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

impl SiteSettings {
    /// The site for the controller.
    ///
    /// # Errors
    ///
    /// The first time that lies outside its bounds.
    pub fn site(&self) -> Result<CheckedSite, OutOfBounds> {
        let default = Site::DEFAULT;
        let ways = |name: Option<WaysName>, otherwise| name.map_or(otherwise, WaysOut::from);
        Site {
            shape: self.shape.map_or(default.shape, Shape::from),
            on_fire: ways(self.on_fire, default.on_fire),
            on_emergency_stop: ways(self.on_emergency_stop, default.on_emergency_stop),
            on_power_loss: ways(self.on_power_loss, default.on_power_loss),
            exit_lock: self.exit_lock.map_or(default.exit_lock, Lock::from),
            timings: self.timings.timings(),
        }
        .check()
    }
}

impl From<ShapeName> for Shape {
    fn from(name: ShapeName) -> Self {
        match name {
            ShapeName::TwoDoors => Self::TwoDoors,
            ShapeName::Turnstile => Self::Turnstile,
        }
    }
}

impl From<WaysName> for WaysOut {
    fn from(name: WaysName) -> Self {
        match name {
            WaysName::Both => Self::Both,
            WaysName::EntryOnly => Self::EntryOnly,
            WaysName::ExitOnly => Self::ExitOnly,
        }
    }
}

impl From<LockName> for Lock {
    fn from(name: LockName) -> Self {
        match name {
            LockName::FailSafe => Self::FailSafe,
            LockName::FailSecure => Self::FailSecure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> SiteSettings {
        toml::from_str(text).expect("settings of a site")
    }

    #[test]
    fn what_is_not_named_is_the_default() {
        assert_eq!(read("").site(), Ok(CheckedSite::default()));
        let text = "shape = 'turnstile'\non_fire = 'entry-only'\nexit_lock = 'fail-secure'\n\
                    timings = { enter = '20 s', single = '750 ms' }";
        let expected = Site {
            shape: Shape::Turnstile,
            on_fire: WaysOut::EntryOnly,
            exit_lock: Lock::FailSecure,
            timings: Timings {
                enter: 20_000,
                single: 750,
                ..Timings::DEFAULT
            },
            ..Site::DEFAULT
        };
        assert_eq!(read(text).site().map(CheckedSite::get), Ok(expected));
    }

    #[test]
    fn a_time_out_of_bounds_is_named_with_them() {
        let problem = read("timings = { decide = '1 h' }").site().unwrap_err();
        let text = problem.to_string();
        for word in ["decide", "3600000 ms", "20000 to 180000 ms"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        for text in [
            "on_flood = 'both'",
            "timings = { entre = '15 s' }",
            "shape = 'round'",
        ] {
            assert!(toml::from_str::<SiteSettings>(text).is_err(), "{text}");
        }
    }
}
