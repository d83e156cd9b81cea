//! Permits in a whole lane: shown to the imager, judged, used once, written down.

#![expect(
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

mod lane;

use anyhow::{Result, ensure};
use gate_document::seal::profile::PermitProfile;
use gate_session::{Outcome, Referral, Screen};
use gate_sim::issuer::permit::PermitDesk;
use gate_sim::issuer::{Authority, Scheme, State};
use jiff::{ToSpan, Zoned};
use lane::{Lane, in_lane, secrets::NUMBER};

/// The committed example, for permits of Utopia.
fn profile() -> String {
    include_str!("../../gate-document/permits/crew-shore-leave.toml")
        .replace("issuers = [\"VNM\"]", "issuers = [\"UTO\"]")
}

/// A permit for one entry at `port`, valid until so many days from now.
fn permit(desk: &PermitDesk, port: &str, days: i64) -> Result<Vec<u8>> {
    let today = Zoned::now().date();
    let data = format!(
        "document-number = \"{NUMBER}\"\nship = \"IMO9074729\"\nports = \"{port}\"\n\
         last-day = {last}\nentries = 1\n",
        last = today.saturating_add(days.days()),
    );
    let profile = PermitProfile::parse("permit.toml", &profile())?;
    let issued = today.saturating_sub(9.days());
    Ok(desk.issue(&profile, &data, issued)?)
}

/// Somebody comes with this permit and goes; what was decided.
async fn serve(lane: &mut Lane, permit: &[u8]) -> Result<Option<Outcome>> {
    lane.send_with_permit(permit.to_vec());
    lane.is_left().await?;
    lane.shows(Screen::Welcome).await?;
    Ok(lane.decisions()?.pop())
}

#[test]
fn a_permit_clears_its_holder_once_and_every_other_one_calls_the_officer() {
    in_lane(async |lane| {
        let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1)?;
        let desk = authority.permit_desk()?;
        let forger = authority.impostor()?.permit_desk()?;
        let good = permit(&desk, "VNHPH", 9)?;
        lane.need_permits(&profile())?;
        lane.open().await?;
        ensure!(serve(lane, &good).await? == Some(Outcome::Cleared));

        // That a use survives a kill is shown beside the register.
        for (what, permit, reason) in [
            ("used", good, Referral::PermitUsedUp),
            (
                "forged",
                permit(&forger, "VNHPH", 9)?,
                Referral::PermitNotGenuine,
            ),
            (
                "expired",
                permit(&desk, "VNHPH", -1)?,
                Referral::PermitNotValid,
            ),
            (
                "for another gate",
                permit(&desk, "VNSGN", 9)?,
                Referral::PermitNotValid,
            ),
        ] {
            let decision = serve(lane, &permit).await?;
            let expected = Some(Outcome::Referred(reason));
            ensure!(decision == expected, "{what}: {decision:?}");
        }

        lane.imager().unplug();
        lane.shows(Screen::OutOfService).await?;
        lane.has_said(&["ERROR", "imager lost", "/imager"])?;
        lane.imager().plug_again()?;
        lane.shows(Screen::Welcome).await
    });
}
