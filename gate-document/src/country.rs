//! Three letters in the zone, two in certificates.

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

/// Codes of Doc 9303-3, 5 that ISO 3166-1 does not have, and issuers whose certificates name
/// another country than their documents do.
const ICAO: [(&str, &[&str]); 14] = [
    ("D", &["DE"]),
    ("EUE", &["EU"]),
    ("GBD", &["GB"]),
    ("GBN", &["GB"]),
    ("GBO", &["GB"]),
    ("GBP", &["GB"]),
    ("GBS", &["GB"]),
    ("RKS", &["KS", "XK"]),
    ("UNA", &["UN"]),
    ("UNK", &["UN"]),
    ("UNO", &["UN"]),
    ("XKX", &["KS", "XK"]),
    // Utopia, the country of the specimens.
    ("UTO", &["UT"]),
    // Hong Kong and Macao issue Chinese passports under their own signing authorities.
    ("CHN", &["CN", "HK", "MO"]),
];

/// Whether a certificate of `country` (two letters, or three, any case) may sign documents of `state`, as the
/// zone names it without fillers. `None` where the state is unknown here.
#[must_use]
pub fn agree(state: &str, country: &str) -> Option<bool> {
    let country = &two_letters(country);
    if let Some((_, countries)) = ICAO.iter().find(|(code, _)| *code == state) {
        return Some(
            countries
                .iter()
                .any(|code| code.eq_ignore_ascii_case(country)),
        );
    }
    let alpha2 = ISO_3166
        .split(' ')
        .find_map(|pair| pair.strip_prefix(state).filter(|rest| rest.len() == 2))?;
    Some(alpha2.eq_ignore_ascii_case(country))
}

/// The two letters of a State that the zone names with three (or `D`); `None` where it is unknown or
/// has several.
#[must_use]
pub fn alpha2(state: &str) -> Option<&'static str> {
    if let Some((_, countries)) = ICAO.iter().find(|(code, _)| *code == state) {
        return countries.first().copied();
    }
    ISO_3166
        .split(' ')
        .find_map(|pair| pair.strip_prefix(state).filter(|rest| rest.len() == 2))
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
            ("ZZZ", "ZZ", None),
            ("", "VN", None),
            ("VN", "VN", None),
        ] {
            assert_eq!(agree(state, country), expected, "{state} {country}");
        }
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
