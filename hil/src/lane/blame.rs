//! Whether a real device, rather than the gate, may be why somebody was not served.
//!
//! The bench knows what a simulated device said. Of a real one it knows what the gate made of it: a camera
//! that stands still, an antenna that hears no chip and a gate that does not understand them look alike, and
//! nothing is said about the gate then.

use crate::station::Station;
use gate_session::{Device, Referral};

/// The devices of the station that are real and that the daemon talks to by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct RealDevices(Vec<Device>);

impl RealDevices {
    /// Those of a station.
    pub(crate) fn of(station: &Station) -> Self {
        let all = [
            (Device::MrzReader, station.mrz_reader.is_some()),
            (Device::ChipReader, station.chip_reader.is_some()),
            (Device::Camera, station.camera.is_some()),
        ];
        let real = all.into_iter().filter(|(_, real)| *real);
        Self(real.map(|(device, _)| device).collect())
    }

    /// Why a referral for this reason may be no fault of the gate.
    pub(crate) fn may_be_why(&self, reason: Referral) -> Option<String> {
        let blamed: &[Device] = match reason {
            Referral::DeviceFailed => &[Device::MrzReader, Device::ChipReader, Device::Camera],
            Referral::NoDocument | Referral::DocumentUnreadable => &[Device::MrzReader],
            Referral::ChipUnreadable => &[Device::ChipReader],
            Referral::FaceNotCaptured => &[Device::Camera],
            _ => &[],
        };
        let device = blamed.iter().find(|device| self.0.contains(device))?;
        Some(format!(
            "the {} is real, and somebody was referred for what it did: {}",
            word(*device),
            reason.code()
        ))
    }

    /// Why a lane that is closed may be no fault of the gate, by what the daemon has written in its log.
    pub(crate) fn are_lost(&self, log: &str) -> Option<String> {
        self.0.iter().find_map(|device| {
            let name = format!("{device:?}");
            let mut lines = log.lines().rev();
            let last = lines.find_map(|line| {
                let camera = *device == Device::Camera;
                let is_of_it = line.contains(&name);
                let lost = is_of_it && line.contains("cannot be used")
                    || camera && line.contains("camera lost");
                let back = is_of_it && line.contains("works again")
                    || camera && line.contains("camera found");
                (lost || back).then_some((lost, line))
            });
            let (_, line) = last.filter(|(lost, _)| *lost)?;
            let word = word(*device);
            Some(format!(
                "the {word} is real, and the daemon cannot use it: {line}"
            ))
        })
    }
}

const fn word(device: Device) -> &'static str {
    match device {
        Device::MrzReader => "document reader",
        Device::ChipReader => "contactless reader",
        Device::Camera => "camera",
        _ => "device",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERA: &str = "[camera]\nis = \"real\"\nurl = \"http://x/y\"\nportrait = \"p\"\n";

    #[test]
    fn a_referral_is_doubted_where_the_device_behind_it_is_real() {
        let real = RealDevices::of(&Station::parse(CAMERA).unwrap());
        let none = RealDevices::default();
        for (reason, doubted) in [
            (Referral::FaceNotCaptured, true),
            (Referral::DeviceFailed, true),
            (Referral::ChipUnreadable, false),
            (Referral::FaceMismatch, false),
            (Referral::LaneDisturbed, false),
        ] {
            assert_eq!(real.may_be_why(reason).is_some(), doubted, "{reason:?}");
            assert_eq!(none.may_be_why(reason), None);
        }
    }

    #[test]
    fn a_real_device_that_the_daemon_has_lost_is_named_until_it_is_back() {
        let real = RealDevices::of(&Station::parse(CAMERA).unwrap());
        let lost = "WARN camera lost host=\"x\" problem=it stands still\n";
        let back = "INFO camera found host=\"x\"\n";
        let told = real.are_lost(lost).unwrap();
        assert!(told.contains("it stands still"), "{told}");
        assert_eq!(real.are_lost(&format!("{lost}{back}")), None);
        assert!(real.are_lost(&format!("{lost}{back}{lost}")).is_some());
        let reader = "WARN cannot be used device=ChipReader problem=gone\n";
        assert_eq!(real.are_lost(reader), None, "it is simulated");
    }
}
