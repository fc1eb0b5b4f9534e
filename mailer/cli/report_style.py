"""The style sheet of reports: one file, on a screen, a phone, in the dark and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2724; --soft: #5a6762; --line: #d9d5cb;
  --paper: #fbfaf7; --card: #ffffff; --accepted: #2f6f5e; --refused: #b5472f;
  --expired: #c98a2b; --withheld: #8a8f9c; --in-doubt: #7b5ea7; --waiting: #b9c7c1; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebe8; --soft: #a3b0aa; --line: #36413d; --paper: #121816;
    --card: #1a221f; --accepted: #58ab94; --refused: #e07f68; --expired: #dfae5c;
    --withheld: #9299a8; --in-doubt: #a98fd6; --waiting: #4d5c56; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial,
    sans-serif; overflow-wrap: anywhere; }
main { max-width: 50rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
main.broad { max-width: 64rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.75rem 0 .8rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr));
  gap: .75rem; margin: 1.75rem 0 1.25rem; padding: 0; list-style: none; }
.figures li { background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--mark, var(--line)); border-radius: .5rem;
  padding: .7rem .9rem; }
.figures b { display: block; font-size: 1.35rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: .9rem; }
.chart { width: 100%; height: auto; display: block; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .6rem 0 0; padding: 0;
  list-style: none; font-size: .9rem; }
.legend i { display: inline-block; width: .75rem; height: .75rem; border-radius: .15rem;
  margin-right: .4rem; background: var(--mark); }
.accepted { fill: var(--accepted); --mark: var(--accepted); }
.refused { fill: var(--refused); --mark: var(--refused); }
.expired { fill: var(--expired); --mark: var(--expired); }
.withheld { fill: var(--withheld); --mark: var(--withheld); }
.in-doubt { fill: var(--in-doubt); --mark: var(--in-doubt); }
.waiting { fill: var(--waiting); --mark: var(--waiting); }
.grid { stroke: var(--line); }
.label { fill: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 3px solid var(--accepted); outline-offset: 2px; }
.legend + .wide { margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { overflow-wrap: normal; }
td:first-child { min-width: 8rem; }
th:last-child, td:last-child { padding-right: 0; }
th { color: var(--soft); font-weight: 600; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.url { overflow-wrap: anywhere; }
td small { display: block; color: var(--soft); overflow-wrap: anywhere; }
ol.advice { padding: 0; list-style: none; }
ol.advice li { background: var(--card); border: 1px solid var(--line);
  border-left: 4px solid var(--accepted); border-radius: .5rem; padding: .8rem 1rem;
  margin: 0 0 .75rem; break-inside: avoid; }
code { display: inline-block; font: .88rem/1.45 ui-monospace, Menlo, Consolas, monospace;
  background: var(--paper); border: 1px solid var(--line); border-radius: .3rem;
  padding: .15rem .45rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 3rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  .label { font-size: 22px; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff;
    --card: #fff; --accepted: #2f6f5e; --refused: #b5472f; --expired: #c98a2b;
    --withheld: #8a8f9c; --in-doubt: #7b5ea7; --waiting: #b9c7c1; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, main.broad { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  tr, .chart, .figures li { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  table { font-size: .8rem; }
  .broad table { font-size: .68rem; }
  .broad th, .broad td { padding-right: .4rem; }
  .broad td:first-child { min-width: 0; }
  @page { margin: 18mm; }
}
"""
