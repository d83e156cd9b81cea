//! The gate's site as a settings file names it.

use super::Span;
use gate_protocol::site::{CheckedSite, Lock, OutOfBounds, Shape, Site, Timings, WaysOut};
use serde::Deserialize;

/// How the gate is built and what its site demands.
///
/// How it is built has to be named, for the controller takes its pins for that: the shape, and of two
/// doors how the exit locks. The rest has defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Named")]
pub struct SiteSettings {
    shape: Shape,
    exit_lock: Lock,
    rest: Named,
}

/// What stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    shape: ShapeName,
    on_fire: Option<WaysName>,
    on_emergency_stop: Option<WaysName>,
    on_power_loss: Option<WaysName>,
    exit_lock: Option<LockName>,
    #[serde(default)]
    timings: TimingSettings,
}

impl TryFrom<Named> for SiteSettings {
    type Error = &'static str;

    fn try_from(named: Named) -> Result<Self, Self::Error> {
        let exit_lock = match (named.shape, named.exit_lock) {
            (_, Some(lock)) => Lock::from(lock),
            (ShapeName::Turnstile, None) => Site::DEFAULT.exit_lock,
            (ShapeName::TwoDoors, None) => {
                return Err(
                    "`exit_lock` is missing: \"fail-safe\" if the exit is free without \
                            current, \"fail-secure\" if it is locked",
                );
            }
        };
        Ok(Self {
            shape: Shape::from(named.shape),
            exit_lock,
            rest: named,
        })
    }
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
            shape: self.shape,
            on_fire: ways(self.rest.on_fire, default.on_fire),
            on_emergency_stop: ways(self.rest.on_emergency_stop, default.on_emergency_stop),
            on_power_loss: ways(self.rest.on_power_loss, default.on_power_loss),
            exit_lock: self.exit_lock,
            timings: self.rest.timings.timings(),
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
    fn how_the_gate_is_built_is_named_and_the_rest_is_the_default() {
        for (text, missing) in [
            ("", "`shape`"),
            ("exit_lock = 'fail-safe'", "`shape`"),
            ("shape = 'two-doors'", "`exit_lock`"),
        ] {
            let problem = toml::from_str::<SiteSettings>(text).unwrap_err();
            assert!(problem.to_string().contains(missing), "{problem}");
        }
        let lane = read("shape = 'two-doors'\nexit_lock = 'fail-safe'");
        assert_eq!(lane.site(), Ok(CheckedSite::default()));
        let turnstile = read("shape = 'turnstile'").site().map(CheckedSite::get);
        assert_eq!(turnstile.map(|site| site.shape), Ok(Shape::Turnstile));
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
        let text = "shape = 'turnstile'\ntimings = { decide = '1 h' }";
        let problem = read(text).site().unwrap_err();
        let text = problem.to_string();
        for word in ["decide", "3600000 ms", "20000 to 180000 ms"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        for text in [
            "shape = 'turnstile'\non_flood = 'both'",
            "shape = 'turnstile'\ntimings = { entre = '15 s' }",
            "shape = 'round'",
        ] {
            assert!(toml::from_str::<SiteSettings>(text).is_err(), "{text}");
        }
    }
}
