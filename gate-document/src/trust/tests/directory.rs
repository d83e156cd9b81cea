//! Directory files.

use super::*;

#[test]
fn a_directory_file_gives_its_lists_signers_and_master_lists() {
    let text = b"version: 1\r\n# comment\r\n more of it\r\ndn: o=DSC,c=UT,dc=data\r\n\
        userCertificate;binary:: MAA=\r\nsn: 1\r\n\r\ndn: c=UT\nCERTIFICATEREVOCATIONLIST;BINARY::MAEA\n\n\
        dn: c=DE\npkdMasterListContent;binary:: MAAw\n AA=\n\
        -\npkdMasterListContent:: MAEB\ncACertificate;binary:: MAAA\njpegPhoto:: AAAA\njpegPhoto:: AAAA";
    // Four characters of base64, continued on the next line: `MAAwAA=` lacks one.
    assert_eq!(
        Directory::parse(text),
        Err(LdifError::Line {
            line: 12,
            expected: "base64"
        })
    );
    let text = String::from_utf8_lossy(text).replace("\n AA=\n", "\n AA==\n");
    let directory = Directory::parse(text.as_bytes()).unwrap();
    assert_eq!(directory.signers, [hex!("3000")]);
    assert_eq!(directory.crls, [hex!("300100")]);
    assert_eq!(
        directory.master_lists,
        [hex!("30003000").to_vec(), hex!("300101").to_vec()]
    );
    assert_eq!(directory.authorities, [hex!("300000")]);
    assert_eq!(directory.passed_over["jpegphoto"], 2);
    assert!(matches!(
        Directory::parse(b" x"),
        Err(LdifError::Line { line: 1, .. })
    ));
    assert!(matches!(
        Directory::parse(b"a\nb: c"),
        Err(LdifError::Line { line: 1, .. })
    ));
    assert_eq!(Directory::parse(b""), Ok(Directory::default()));
}
