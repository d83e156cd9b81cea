//! Every moment of the page, in the order of the walk.

use std::iter::successors;

use gate_session::{DocumentHint, FaceHint, PermitHint, Screen};

/// How far the chip is when it stands for "somewhere in between".
const HALF: u8 = 50;

/// Every [`Screen`] with every hint, once. Tests and screenshots walk through it.
///
/// A new value of the enum does not compile until it has its place here; from then
/// on the tests ask for its picture and its words.
pub fn every_screen() -> impl Iterator<Item = Screen> {
    successors(Some(Screen::OutOfService), after)
}

fn after(screen: &Screen) -> Option<Screen> {
    let keep = Screen::KeepDocument { percent: HALF };
    let place = |hint| Screen::PlaceDocument { hint };
    let show = |hint| Screen::ShowPermit { hint };
    let look = |hint| Screen::LookHere {
        hint,
        percent: HALF,
    };
    Some(match *screen {
        Screen::OutOfService => Screen::Welcome,
        Screen::Welcome => Screen::StepIn,
        Screen::StepIn => place(DocumentHint::None),
        Screen::PlaceDocument { hint } => match hint {
            DocumentHint::None => place(DocumentHint::Turn),
            DocumentHint::Turn => place(DocumentHint::LiftAndPlace),
            DocumentHint::LiftAndPlace => place(DocumentHint::LeaveIt),
            DocumentHint::LeaveIt => place(DocumentHint::PushIn),
            DocumentHint::PushIn => place(DocumentHint::ReadAgain),
            DocumentHint::ReadAgain => place(DocumentHint::ReaderFault),
            DocumentHint::ReaderFault => show(PermitHint::None),
        },
        Screen::ShowPermit { hint } => match hint {
            PermitHint::None => show(PermitHint::NotRead),
            PermitHint::NotRead => keep,
        },
        Screen::KeepDocument { .. } => look(FaceHint::None),
        Screen::LookHere { hint, .. } => match hint {
            FaceHint::None => look(FaceHint::LookHere),
            FaceHint::LookHere => look(FaceHint::Closer),
            FaceHint::Closer => look(FaceHint::Back),
            FaceHint::Back => look(FaceHint::HoldStill),
            FaceHint::HoldStill => look(FaceHint::LookStraight),
            FaceHint::LookStraight => look(FaceHint::Light),
            FaceHint::Light => look(FaceHint::OnePerson),
            FaceHint::OnePerson => Screen::OneMoment,
        },
        Screen::OneMoment => Screen::Go,
        Screen::Go => Screen::OfficerComing,
        Screen::OfficerComing => Screen::StepBack,
        Screen::StepBack => Screen::OnePerson,
        Screen::OnePerson => Screen::Emergency,
        Screen::Emergency => return None,
    })
}
