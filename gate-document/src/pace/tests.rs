//! The worked examples of Doc 9303-11, Appendices G, H and I, replayed byte for byte.

use super::*;
use crate::apdu::Status;
use crate::card::{Card, CardError};
use crate::cipher::Suite;
use crate::test_random::Fixed;
use hex_literal::hex;

/// Answers the commands of a list, in order, and nothing else.
struct Script(Vec<(Vec<u8>, Vec<u8>)>);

impl Card for Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        if self.0.is_empty() {
            return Err(CardError::Removed);
        }
        let (expected, response) = self.0.remove(0);
        assert_eq!(command, expected);
        Ok(response)
    }
}

/// A worked example: what goes over the air, and what both sides hold at the end.
struct Example {
    info: PaceInfo,
    mrz: Option<&'static str>,
    can: Option<&'static str>,
    /// Our random numbers, in the order in which they are drawn.
    random: Vec<u8>,
    dialogue: Vec<(Vec<u8>, Vec<u8>)>,
    encryption: [u8; 16],
    mac: [u8; 16],
}

impl Example {
    fn replay(self) -> Established {
        let (mrz, can) = (
            self.mrz.map(AccessKey::from_mrz_information),
            self.can.and_then(CardAccessNumber::new),
        );
        let password = match (&mrz, &can) {
            (Some(key), _) => Password::Mrz(key),
            (_, Some(number)) => Password::Can(number),
            _ => panic!("an example has a password"),
        };
        let mut card = Script(self.dialogue);
        let mut channel = Channel::new(&mut card);
        let mut rng = Fixed::new(&self.random);
        let done = authenticate(&mut channel, &self.info, false, password, &mut rng)
            .unwrap_or_else(|error| panic!("{}: {error}", self.info));
        assert!(card.0.is_empty(), "{}", self.info);
        // Both sides encrypt and authenticate alike, so they have the keys of the example.
        let plain = hex!("00112233445566778899AABBCCDDEEFF");
        let expected = |bytes: &[u8]| Key::new(self.info.suite, bytes).unwrap();
        assert_eq!(
            done.messaging.encryption_key().encrypt_block(&plain),
            expected(&self.encryption).encrypt_block(&plain)
        );
        assert_eq!(
            done.messaging.mac_key().token(&plain),
            expected(&self.mac).token(&plain)
        );
        done
    }
}

const fn info(agreement: Agreement, mapping: Mapping, parameters: i64) -> PaceInfo {
    PaceInfo {
        agreement,
        mapping,
        suite: Suite::Aes128,
        parameters: Some(parameters),
    }
}

/// GENERAL AUTHENTICATE and its answer, each around one object.
fn step(last: bool, ours: &[u8], theirs: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let around = |object: &[u8]| {
        let mut data = Vec::new();
        tlv::write(&mut data, 0x7C, object);
        data
    };
    let class = if last { 0x00 } else { 0x10 };
    let data = around(ours);
    let length = u8::try_from(data.len()).unwrap();
    let command = [&[class, 0x86, 0, 0, length], &data[..], &[0]].concat();
    let answer = match theirs {
        [] => Vec::new(),
        object => around(object),
    };
    (command, [&answer[..], &hex!("9000")].concat())
}

fn set(command: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (command.to_vec(), hex!("9000").to_vec())
}

const SPECIMEN: &str = "T22000129364081251010318";

#[test]
fn generic_mapping_on_a_curve_is_that_of_the_standard() {
    // Doc 9303-11, Appendix G.1.
    Example {
        info: info(Agreement::Ecdh, Mapping::Generic, 13),
        mrz: Some(SPECIMEN),
        can: None,
        random: hex!(
            "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99"
            "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595"
        )
        .to_vec(),
        dialogue: vec![
            set(&hex!("0022C1A40F800A04007F00070202040202830101")),
            step(false, &[], &hex!("801095A3A016522EE98D01E76CB6B98B42C3")),
            step(
                false,
                &hex!(
                    "8141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
                    "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D"
                ),
                &hex!(
                    "824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
                    "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
                ),
            ),
            step(
                false,
                &hex!(
                    "8341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
                    "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462"
                ),
                &hex!(
                    "8441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
                    "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094"
                ),
            ),
            step(
                true,
                &hex!("8508C2B0BD78D94BA866"),
                &hex!("86083ABB9674BCE93C08"),
            ),
        ],
        encryption: hex!("F5F0E35C0D7161EE6724EE513A0D9A7F"),
        mac: hex!("FE251C7858B356B24514B3BD5F4297D1"),
    }
    .replay();
}

#[test]
fn generic_mapping_in_a_field_is_that_of_the_standard() {
    // Doc 9303-11, Appendix G.2.
    Example {
        info: info(Agreement::Dh, Mapping::Generic, 0),
        mrz: Some(SPECIMEN),
        can: None,
        random: hex!(
            "5265030F751F4AD18B08AC565FC7AC952E41618D"
            "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA"
        )
        .to_vec(),
        dialogue: vec![
            set(&hex!("0022C1A40F800A04007F00070202040102830101")),
            step(false, &[], &hex!("8010854D8DF5827FA6852D1A4FA701CDDDCA")),
            step(
                false,
                &hex!(
                    "81818023FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB1"
                    "3D1DEBCE9A3666DBCFC920B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C9416"
                    "0551C0DF86274B9359BC0490D01B03AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBB"
                    "BC5F8BA166F4311975EC6C"
                ),
                &hex!(
                    "82818078879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B2"
                    "6381E4DA19E004706FACE7B235C2DBF2F38748312F3C98C2DD4882A41947B324AA1259AC22579DB9"
                    "3F7085655AF30889DBB845D9E6783FE42C9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC14F"
                    "84D8258950A91B44126EE6"
                ),
            ),
            step(
                false,
                &hex!(
                    "838180907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D043"
                    "69F29A02626C86FBC6747CC7BC352645B6161A2A42D44EDA80A08FA8D61B76D3A154AD8A5A51786B"
                    "0BC07147057871A922212C5F67F43173172236B7747D1671E6D692A3C7D40A0C3C5CE397545D015C"
                    "175EB5130551EDBC2EE5D4"
                ),
                &hex!(
                    "848180075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F5"
                    "3820C42ADC79AB5D0AEEC3AEFB91394DA476BD97B9B14D0A65C1FC71A0E019CB08AF55E1F729005F"
                    "BA7E3FA5DC41899238A250767A6D46DB974064386CD456743585F8E5D90CC8B4004B1F6D866C79CE"
                    "0584E49687FF61BC29AEA1"
                ),
            ),
            step(
                true,
                &hex!("8508B46DD9BD4D98381F"),
                &hex!("8608917F37B5C0E6D8D1"),
            ),
        ],
        encryption: hex!("2F7F46ADCC9E7E521B45D192FAFA9126"),
        mac: hex!("805A1D27D45A5116F73C54469462B7D8"),
    }
    .replay();
}

#[test]
fn integrated_mapping_on_a_curve_is_that_of_the_standard() {
    // Doc 9303-11, Appendix H.1. The example begins with the key that the password gives, which is
    // that of the number 123456.
    let example = |answer: &[u8]| Example {
        info: info(Agreement::Ecdh, Mapping::Integrated, 13),
        mrz: None,
        can: Some("123456"),
        random: hex!(
            "5DD4CBFC96F5453B130D890A1CDBAE32"
            "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595"
        )
        .to_vec(),
        dialogue: vec![
            set(&hex!("0022C1A40F800A04007F00070202040402830102")),
            step(false, &[], &hex!("8010143DC40C08C8E891FBED7DEDB92B64AD")),
            step(false, &hex!("81105DD4CBFC96F5453B130D890A1CDBAE32"), answer),
            step(
                false,
                &hex!(
                    "83410489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D4"
                    "6755DE9B7B778280B6BEBD57439ADFEB0E21FD4ED6DF42578C13418A59B34C37"
                ),
                &hex!(
                    "84410467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8"
                    "932B69A962B52A0985AD2C0A271EE6A13A8ADDDCD1A3A994B9DED257F4D22753"
                ),
            ),
            step(
                true,
                &hex!("8508450F02B86F6A0909"),
                &hex!("860875D4D96E8D5B0308"),
            ),
        ],
        encryption: hex!("0D3FEB33251A6370893D62AE8DAAF51B"),
        mac: hex!("B01E89E3D9E8719E586B50B4A7506E0B"),
    };
    // Chips answer the mapping with an empty object, or with nothing.
    example(&hex!("8200")).replay();
    example(&[]).replay();
}

#[test]
fn integrated_mapping_in_a_field_is_that_of_the_standard() {
    // Doc 9303-11, Appendix H.2. The private key of the example has 128 bytes; reduced by the order
    // of the subgroup it is the same power.
    let Domain::Field(field) = Domain::standardised(0).unwrap() else {
        panic!("a field")
    };
    let long = openssl::bn::BigNum::from_slice(&hex!(
        "4BD0E54740F9A028E6A515BFDAF967848C4F5F5FFF65AA0915947FFD1A0DF2FA6981271BC905F355"
        "1457B7E03AC3B8066DE4AA406C1171FB43DD939C4BA16175103BA3DEE16419AA248118F90CC36A3D"
        "6F4C373652E0C3CCE7F0F1D0C5425B3600F0F0D6A67F004C8BBA33F2B4733C7252445C1DFC4F1107"
        "203F71D2EFB28161"
    ))
    .unwrap();
    let mut private = openssl::bn::BigNum::new().unwrap();
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    private
        .nnmod(&long, field.order.as_ref().unwrap(), &mut context)
        .unwrap();
    let nonce = hex!("B3A6DB3C870C3E99245E0D1C06B747DE");
    Example {
        info: info(Agreement::Dh, Mapping::Integrated, 0),
        mrz: None,
        can: Some("123456"),
        random: [&nonce[..], &private.to_vec_padded(20).unwrap()].concat(),
        dialogue: vec![
            set(&hex!("0022C1A40F800A04007F00070202040302830102")),
            step(false, &[], &hex!("80109ABB8864CA0FF1551E620D1EF4E13510")),
            step(
                false,
                &hex!("8110B3A6DB3C870C3E99245E0D1C06B747DE"),
                &hex!("8200"),
            ),
            step(
                false,
                &hex!(
                    "8381800F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A95155"
                    "7E929AEB48E5C6DD47F2F5CD7C351A9BD2CD722C07EDE166770F08FFCB370262CF308DD7B07F2E0D"
                    "A9CAAA1492344C852906919538C98A4BA4187E76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9"
                    "894DC5094D22F7FE1351D5"
                ),
                &hex!(
                    "848180928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB"
                    "6DC1D0335807A11388CC8EAA87B07907AAD9FBA6B169AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D2"
                    "3E9768E95A80E4746FB07A9767679FE92133B4D379935C771BD7FBED6C7BB4B1708B275EA7567952"
                    "4CDC9C6A91370CC662A2F3"
                ),
            ),
            step(
                true,
                &hex!("850855D61977CBF5307E"),
                &hex!("8608C2F04230187E1525"),
            ),
        ],
        encryption: hex!("01AFC10CF87BE36D8179E87370171F07"),
        mac: hex!("23F0FBD05FD6C7B8B88F4C8309669061"),
    }
    .replay();
}

#[test]
fn pseudo_random_numbers_and_points_are_those_of_the_standard() {
    // Doc 9303-11, Appendix H.1: the mapping alone.
    let domain = Domain::standardised(13).unwrap();
    let s = hex!("2923BE84E16CD6AE529049F1F1BBE9EB");
    let t = hex!("5DD4CBFC96F5453B130D890A1CDBAE32");
    let mapped = mapping::integrated(domain, Suite::Aes128, &s, &t).unwrap();
    assert_eq!(
        mapped.encode(&mapped.base().unwrap()).unwrap(),
        hex!(
            "048E82D31559ED0FDE92A4D0498ADD3C23BABA94FB77691E31E90AEA77FB17D427"
            "4C1AE14BD0C3DBAC0C871B7F3608169364437CA30AC243A089D3F266C1E60FAD"
        )
    );
    // Every other curve whose prime allows it gives a point, whatever the cipher.
    for parameters in (8..=18).filter(|parameters| *parameters != 10) {
        for suite in [
            Suite::TripleDes,
            Suite::Aes128,
            Suite::Aes192,
            Suite::Aes256,
        ] {
            let length = if suite.key_length() > 16 { 32 } else { 16 };
            let domain = Domain::standardised(parameters).unwrap();
            let (s, t) = (vec![0x3A; length], vec![0x5C; suite.key_length()]);
            let mapped = mapping::integrated(domain, suite, &s, &t).unwrap();
            assert!(!mapped.is_neutral(&mapped.base().unwrap()));
        }
    }
    let without = Domain::standardised(10).unwrap();
    assert!(mapping::integrated(without, Suite::Aes128, &s, &t).is_err());
    // A nonce of the other length than the cipher wants is none.
    let domain = Domain::standardised(13).unwrap();
    assert!(mapping::integrated(domain, Suite::Aes256, &s, &[0; 32]).is_err());
}

#[test]
fn chip_authentication_mapping_is_that_of_the_standard() {
    // Doc 9303-11, Appendix I.
    let done = Example {
        info: info(Agreement::Ecdh, Mapping::ChipAuthentication, 13),
        mrz: Some("C11T002JM496081222310314"),
        can: None,
        random: hex!(
            "5D8BB87BD74D985A4B7D4325B9F7B976FE835122773400798914AA22738135CC"
            "76ECFDAA9841C323A3F5FC5E88B88DB3EFF7E35EBF57A7E6946CB630006C2120"
        )
        .to_vec(),
        dialogue: vec![
            set(&hex!("0022C1A40F800A04007F00070202040602830101")),
            step(false, &[], &hex!("8010CB60E8E0D85B76A9BD304747C2AD42E2")),
            step(
                false,
                &hex!(
                    "8141047F1D410ADB7DDB3B84BF1030800981A9105D7457B4A3ADE002384F3086C67EDE"
                    "1AB889104A27DB6D842B019020FBF3CEACB0DC627F7BDCAC29969E19D0E553C1"
                ),
                &hex!(
                    "824104A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B3"
                    "04F365713A356E65A451E165ECC9AC0AC46E3771342C8FE5AEDD092685338E23"
                ),
            ),
            step(
                false,
                &hex!(
                    "834104446C934084D9DAB863944F219520076C29EE3F7AE6722B11FF319EC1C7728F95"
                    "5483400BFF60BF0C5929270009277DC2A515E12575010AD9BA916CF1BF86FEFC"
                ),
                &hex!(
                    "84410402AD566F3C6EC7F9324509AD50A51FA52030782A4968FCFEDF737DAEA9933331"
                    "11C3B9B4C2287789BD137E7F8AA882E2A3C633CCD6ECC2C63C57AD401A09C2E1"
                ),
            ),
            step(
                true,
                &hex!("8508E86BD06018A1CD3B"),
                &hex!(
                    "86088596CF055C67C1A3"
                    "8A301EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD"
                    "10CBA372B42BE0B9B5F28AA8DE2F4F92"
                ),
            ),
        ],
        encryption: hex!("0A9DA4DB03BDDE39FC5202BC44B2E89E"),
        mac: hex!("4B1C06491ED5140CA2B537D344C6C0B1"),
    }
    .replay();
    let chip = done.chip.unwrap();
    assert_eq!(
        *chip.data,
        hex!("85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3")
    );
    let mut static_key = hex!(
        "041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8"
        "84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F"
    );
    assert_eq!(chip.has(&static_key), Ok(true));
    let mapping_key = chip.mapping_key.clone();
    assert_eq!(
        chip.has(&mapping_key),
        Ok(false),
        "a key, and not the chip's"
    );
    static_key[64] ^= 1;
    assert_eq!(chip.has(&static_key), Ok(false), "no key at all");
}

#[test]
fn wrong_passwords_refusals_and_cheats_are_told_apart() {
    let example = |last: (Vec<u8>, Vec<u8>)| {
        vec![
            set(&hex!("0022C1A40F800A04007F00070202040202830101")),
            step(false, &[], &hex!("801095A3A016522EE98D01E76CB6B98B42C3")),
            last,
        ]
    };
    let map = |answer: &[u8]| {
        let (command, _) = step(
            false,
            &hex!(
                "8141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
                "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D"
            ),
            &[],
        );
        (command, answer.to_vec())
    };
    let mapping = Step::PaceMapping;
    let key = AccessKey::from_mrz_information(SPECIMEN);
    let way = info(Agreement::Ecdh, Mapping::Generic, 13);
    let own_key = hex!(
        "7C438241047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
        "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D 9000"
    );
    let no_point = [&hex!("7C43824104")[..], &[7; 64], &hex!("9000")].concat();
    for (answer, expected) in [
        (
            &hex!("6F00")[..],
            AccessError::Refused {
                step: mapping,
                status: Status(0x6F00),
                without_pace: None,
            },
        ),
        (
            &hex!("9000"),
            AccessError::Structure {
                step: mapping,
                problem: TlvError {
                    offset: 0,
                    expected: "dynamic authentication data (7C)",
                    found: Found::End,
                },
            },
        ),
        (
            &own_key,
            AccessError::Key {
                step: mapping,
                problem: DomainError::Element { found: 65 },
            },
        ),
        (
            &no_point,
            AccessError::Key {
                step: mapping,
                problem: DomainError::Element { found: 65 },
            },
        ),
    ] {
        let mut card = Script(example(map(answer)));
        let mut rng = Fixed::new(&hex!(
            "7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99"
        ));
        let mut channel = Channel::new(&mut card);
        let result = authenticate(&mut channel, &way, false, Password::Mrz(&key), &mut rng);
        assert_eq!(result.err(), Some(ReadError::Access(expected)));
    }
}
