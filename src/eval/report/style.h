#pragma once

#include <string_view>

namespace focusllm::eval::report {

/// The style sheet of all reports, light and dark. Classes that charts use: s0 to s7 are the colours of
/// series, told apart by the colour-blind (after Okabe and Ito), each with at least 3:1 against the page.
inline constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #1d2430; --soft: #5c6575; --back: #ffffff; --grid: #e1e5ea;
  --rule: #c9d0d9; --s0: #0072b2; --s1: #c75300; --s2: #00805e; --s3: #a8477f; --s4: #7a5c00; --s5: #2a86c4;
  --s6: #4a4a4a; --s7: #7a3fc0; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ef; --soft: #a0a9b8; --back: #14181f; --grid: #2a313c;
  --rule: #444d5b; --s0: #56b4e9; --s1: #ff8a4c; --s2: #2fd3a1; --s3: #f09ccb; --s4: #f0e442; --s5: #9db7ff;
  --s6: #d0d0d0; --s7: #c792ff; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 68rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 0.5rem; } a { color: var(--s0); }
small, .soft { color: var(--soft); } figure { margin: 1rem 0; min-width: 0; }
figcaption { font-weight: 600; } figcaption small { font-weight: 400; }
svg { display: block; } svg text { font-size: 11px; fill: var(--soft); }
svg.chart { width: 100%; height: auto; }
.left { text-anchor: end; } .below { text-anchor: middle; } .grid { stroke: var(--grid); }
polyline, .interval { fill: none; stroke-width: 1.6; stroke: currentColor; } .interval { stroke-width: 1.1; }
.marker { fill: currentColor; stroke: var(--back); stroke-width: 0.8; }
.dash1 { stroke-dasharray: 6 3; } .dash2 { stroke-dasharray: 2 3; } .dash3 { stroke-dasharray: 8 3 2 3; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
.s4 { color: var(--s4); } .s5 { color: var(--s5); } .s6 { color: var(--s6); } .s7 { color: var(--s7); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 13px; margin-bottom: 0.3rem; }
.legend svg { display: inline-block; vertical-align: middle; margin-right: 0.3rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2rem; }
.charts figure { max-width: 34rem; } .wide { max-width: 60rem; }
.heatmaps { display: flex; flex-wrap: wrap; gap: 0 2rem; } .heatmaps figure { max-width: 100%; }
.cell text { text-anchor: middle; font-size: 12px; } .cell .on-dark { fill: #ffffff; } .cell .on-light { fill: #000000; }
.cell .none { fill: none; stroke: var(--rule); } .hatch { stroke: var(--soft); stroke-width: 1; fill: none; }
.axis { font-weight: 600; }
.scroll { overflow-x: auto; max-width: 100%; margin: 0.5rem 0; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 0.2rem 0.7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
th, td { white-space: nowrap; } th { color: var(--soft); font-weight: 600; }
td.long { white-space: normal; min-width: 22rem; max-width: 36rem; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
summary { cursor: pointer; } details { margin: 0.5rem 0; } nav ul { padding-left: 1.2rem; }
)";

}  // namespace focusllm::eval::report
