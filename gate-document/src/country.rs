//! Three letters in the zone, two in certificates (Doc 9303-3, 5).

/// ISO 3166-1: alpha-3 and alpha-2 of every country, and nothing else.
const ISO_3166: &str = "\
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU \
AUTAT AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ \
BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI \
CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE \
DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK \
FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR \
GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN \
IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH \
KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV \
MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN \
MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI \
NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL \
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG \
SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI \
SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT \
TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG \
VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW";

/// Who stands behind a code that ISO 3166-1 does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// A State, a territory or an organisation: it issues documents, and its people and officials have
    /// the code as their nationality.
    Issuer,
    /// People without a nationality that could be stated, whoever issues their document.
    Person,
    /// Nobody's: ICAO signs lists with it, and no document carries it.
    Nobody,
}

use Holder::{Issuer, Nobody, Person};

/// Codes of Doc 9303-3, 5 (eighth edition, parts A to H) that ISO 3166-1 does not have, and issuers whose
/// certificates name another country than their documents do. The last column is what the certificates
/// say: as the German master list of April 2024 and the collections that the tests read have it. Where
/// nobody has published a certificate, the code stands for itself.
const ICAO: [(&str, Holder, &[&str]); 32] = [
    // Part A: codes beside ISO 3166-1.
    ("D", Issuer, &["DE"]),
    ("GBD", Issuer, &["GB"]),
    ("GBN", Issuer, &["GB"]),
    ("GBO", Issuer, &["GB"]),
    ("GBP", Issuer, &["GB"]),
    ("GBS", Issuer, &["GB"]),
    ("RKS", Issuer, &["KS", "XK"]),
    // Part B: reserved by the agency that keeps ISO 3166.
    ("EUE", Issuer, &["EU"]),
    // Part C: United Nations, a specialized agency, residents of Kosovo by UNMIK. The first authority of
    // the United Nations calls itself ZZ.
    ("UNO", Issuer, &["UN", "ZZ"]),
    ("UNA", Issuer, &["UN", "ZZ"]),
    ("UNK", Issuer, &["UN", "ZZ"]),
    // Part D: other issuing authorities. African Development Bank, Afreximbank, CARICOM, Council of Europe.
    ("XBA", Issuer, &[]),
    ("XIM", Issuer, &[]),
    ("XCC", Issuer, &[]),
    ("XCE", Issuer, &[]),
    // COMESA, ECOWAS, INTERPOL, OECS.
    ("XCO", Issuer, &[]),
    ("XEC", Issuer, &[]),
    ("XPO", Issuer, &[]),
    ("XES", Issuer, &[]),
    // Parliamentary Assembly of the Mediterranean, Order of Malta, SADC.
    ("XMP", Issuer, &[]),
    ("XOM", Issuer, &["XO"]),
    ("XDC", Issuer, &[]),
    // Part E: stateless; refugee of the Convention, another refugee; unspecified.
    ("XXA", Person, &[]),
    ("XXB", Person, &[]),
    ("XXC", Person, &[]),
    ("XXX", Person, &[]),
    // Part F: withdrawn from ISO 3166. Netherlands Antilles, Neutral Zone.
    ("ANT", Issuer, &["AN"]),
    ("NTZ", Issuer, &["NT"]),
    // Part G: Utopia, the country of the specimens.
    ("UTO", Issuer, &["UT"]),
    // Part H: ICAO.
    ("IAO", Nobody, &[]),
    // In no part. Kosovo's code in ISO 3166's own range for users.
    ("XKX", Issuer, &["KS", "XK"]),
    // Hong Kong and Macao issue Chinese passports under their own signing authorities.
    ("CHN", Issuer, &["CN", "HK", "MO"]),
];

fn special(code: &str) -> Option<(Holder, &'static [&'static str])> {
    let entry = ICAO.iter().find(|(known, ..)| *known == code)?;
    Some((entry.1, entry.2))
}

fn iso(code: &str) -> Option<&'static str> {
    ISO_3166
        .split(' ')
        .find_map(|pair| pair.strip_prefix(code).filter(|rest| rest.len() == 2))
}

/// Whether a certificate of `country` (two letters, or three, any case) may sign documents of `state`, as the
/// zone names it without fillers. `None` where the state is unknown here, or issues nothing: `XXA` is a
/// nationality, and no State.
#[must_use]
pub fn agree(state: &str, country: &str) -> Option<bool> {
    let country = &two_letters(country);
    match special(state) {
        Some((Issuer, [])) => Some(country == state),
        Some((Issuer, countries)) => Some(countries.contains(&country.as_str())),
        Some((Person | Nobody, _)) => None,
        None => Some(iso(state)? == country),
    }
}

/// Whether `code`, without fillers, is a nationality (Doc 9303-3, 5): of a State, of the officials of an
/// organisation, or that of people who have none.
#[must_use]
pub fn is_nationality(code: &str) -> bool {
    match special(code) {
        Some((holder, _)) => holder != Nobody,
        None => iso(code).is_some(),
    }
}

/// The two letters of a State that the zone names with three (or `D`): the first of several; `None` where it
/// is unknown, or has none.
#[must_use]
pub fn alpha2(state: &str) -> Option<&'static str> {
    match special(state) {
        Some((_, countries)) => countries.first().copied(),
        None => iso(state),
    }
}

/// Codes that certificates name one country with: what is written, and what it counts as. ISO 3166-1
/// reserves `UK` for the United Kingdom; Kosovo has two of the user's own.
const ALIASES: [(&str, &str); 2] = [("UK", "GB"), ("XK", "KS")];

/// The two letters of a country as certificates name it: some issuers write three, or an alias. A code
/// that is unknown here is itself, in upper case.
pub(crate) fn two_letters(country: &str) -> String {
    let upper = country.to_ascii_uppercase();
    let two = match alpha2(&upper) {
        Some(two) if upper.len() == 3 => two,
        _ => &upper,
    };
    let known = ALIASES.iter().find(|(written, _)| *written == two);
    known.map_or(two, |(_, meant)| meant).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_agree_with_their_countries() {
        for (state, country, expected) in [
            ("VNM", "VN", Some(true)),
            ("VNM", "vn", Some(true)),
            ("D", "DE", Some(true)),
            ("GBR", "gb", Some(true)),
            ("GBR", "gbr", Some(true)),
            ("D", "DEU", Some(true)),
            ("VNM", "LAO", Some(false)),
            ("GBD", "GB", Some(true)),
            ("GBR", "UK", Some(true)),
            ("RKS", "KS", Some(true)),
            ("RKS", "XK", Some(true)),
            ("LAO", "LA", Some(true)),
            ("KHM", "KH", Some(true)),
            ("VNM", "LA", Some(false)),
            ("CHN", "TW", Some(false)),
            ("UTO", "UT", Some(true)),
            ("UNO", "UN", Some(true)),
            ("UNA", "ZZ", Some(true)),
            ("EUE", "EU", Some(true)),
            ("XOM", "xo", Some(true)),
            ("XOM", "IT", Some(false)),
            // Nobody has published a certificate of these: each speaks for itself alone.
            ("XPO", "XPO", Some(true)),
            ("XEC", "GH", Some(false)),
            ("XCC", "XCE", Some(false)),
            // People, and whoever signs lists, issue nothing.
            ("XXA", "XXA", None),
            ("XXX", "DE", None),
            ("IAO", "UN", None),
            ("ZZZ", "ZZ", None),
            ("", "VN", None),
            ("VN", "VN", None),
        ] {
            assert_eq!(agree(state, country), expected, "{state} {country}");
        }
    }

    #[test]
    fn a_nationality_is_one_of_a_state_an_organisation_or_of_people_who_have_none() {
        let codes = |text: &'static str| text.split(' ');
        for code in codes("VNM D GBN RKS UNO UNK EUE XOM XPO XBA XXA XXB XXC XXX ANT UTO") {
            assert!(is_nationality(code), "{code}");
        }
        for code in codes("IAO ZZZ XXD DEU1 DE VN XAF") {
            assert!(!is_nationality(code), "{code}");
        }
        assert!(!is_nationality(""));
    }

    #[test]
    fn no_special_code_is_one_of_the_isos_but_the_one_with_several_authorities() {
        let mut codes: Vec<&str> = ICAO.iter().map(|(code, ..)| *code).collect();
        let in_both = codes.iter().filter(|code| iso(code).is_some());
        assert_eq!(in_both.collect::<Vec<_>>(), [&"CHN"]);
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ICAO.len());
    }

    #[test]
    fn every_country_is_listed_once() {
        let mut codes: Vec<&str> = ISO_3166.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.iter().all(|pair| pair.len() == 5));
        codes.sort_unstable_by_key(|pair| &pair[..3]);
        codes.dedup_by_key(|pair| &pair[..3]);
        assert_eq!(codes.len(), 249);
    }
}
