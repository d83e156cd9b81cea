//! How the page looks: dark on light, on a phone, on a desk and on paper.

/// The page's only style sheet.
pub(super) const CSS: &str = "
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid #ccc; font-size: 1.3rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1.05rem; }
p { margin: .4rem 0; }
.verdict { padding: 1.1rem 1.2rem; border-left: .6rem solid; border-radius: .3rem; }
.verdict.passed { background: #e7f4ea; border-color: #1b7a37; }
.verdict.gate { background: #fbe6e9; border-color: #b00020; }
.verdict.bench { background: #fff3d6; border-color: #a15c00; }
.word { font-weight: 700; white-space: nowrap; }
.word.passed { color: #14602b; }
.word.gate { color: #a0001c; }
.word.bench { color: #854c00; }
dl { display: grid; grid-template-columns: minmax(9rem, 15rem) 1fr; gap: .2rem 1rem; margin: 0; }
dt { color: #555; }
dd { margin: 0; }
.missing { color: #666; font-style: italic; }
table { width: 100%; border-collapse: collapse; }
th, td { overflow-wrap: break-word; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { font-weight: 600; color: #444; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.over { color: #a0001c; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: .4rem 2rem; }
figure { margin: .8rem 0; max-width: 46rem; }
figcaption { font-weight: 600; }
figure svg { display: block; width: 100%; height: auto; }
details { margin: .5rem 0; padding: .5rem .8rem; border: 1px solid #ccc; border-radius: .3rem; }
details details { border-color: #e2e2e2; }
summary { cursor: pointer; }
summary h3 { display: inline; }
pre { margin: .4rem 0; padding: .6rem; background: #f5f5f5; white-space: pre-wrap; font-size: .85rem; line-height: 1.4; }
.traffic td { font-size: .85rem; }
.traffic td:last-child { overflow-wrap: anywhere; }
.who { white-space: nowrap; }
td small { display: block; color: #555; }
.traffic .sealed { color: #555; }
.legend span { display: inline-block; margin-right: 1rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
footer { margin-top: 2.5rem; color: #555; font-size: .9rem; }
@media (max-width: 30rem) {
  body { padding: .7rem; }
  h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
  details { padding: .4rem .5rem; }
  th, td { padding-right: .35rem; font-size: .92rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details { break-inside: auto; border: 0; padding: 0; }
  figure, tr, .verdict { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  pre, .verdict { print-color-adjust: exact; }
}
";
