/** A colour for each theme, as #rrggbb. */
interface Colour {
  readonly light: string;
  readonly dark: string;
}

/** Every colour of the page. The style sheet is made of these, and a test computes their contrast. */
const colours = {
  page: { light: '#ffffff', dark: '#0f1318' },
  surface: { light: '#f5f7f9', dark: '#171c23' },
  text: { light: '#1b1f24', dark: '#e6eaef' },
  muted: { light: '#545d68', dark: '#a3adb9' },
  line: { light: '#cfd6dd', dark: '#38414c' },
  link: { light: '#0a52a8', dark: '#7fb9ff' },
  met: { light: '#116329', dark: '#5fd682' },
  'met-tint': { light: '#e2f4e6', dark: '#12301c' },
  'at-risk': { light: '#7a4a00', dark: '#e8b650' },
  'at-risk-tint': { light: '#fcf0d5', dark: '#33270c' },
  breached: { light: '#a9141b', dark: '#ff928b' },
  'breached-tint': { light: '#fce8e7', dark: '#3c1618' },
  unproven: { light: '#5735b0', dark: '#c1abff' },
  'unproven-tint': { light: '#eee8fb', dark: '#291f4a' },
  'not-run': { light: '#545d68', dark: '#a3adb9' },
  'not-run-tint': { light: '#eceff2', dark: '#232a33' },
  measured: { light: '#2a67ad', dark: '#6ea8ec' },
  budgeted: { light: '#6f7a86', dark: '#8b96a3' },
  band: { light: '#c9dcf2', dark: '#1f3a5a' },
} as const satisfies Readonly<Record<string, Colour>>;

const variables = Object.entries(colours)
  .map(([name, { light, dark }]) => `--${name}:light-dark(${light},${dark})`)
  .join(';');

const marks: readonly (keyof typeof colours)[] = ['met', 'at-risk', 'breached', 'unproven', 'not-run'];
const markRules = marks
  .map(
    (name) =>
      `.badge.${name}{color:var(--${name});background:var(--${name}-tint)}.mark.${name}{fill:var(--${name})}.decision.${name}{border-color:var(--${name});background:var(--${name}-tint)}.dot.${name}{fill:var(--${name})}.share .${name}{fill:var(--${name})}`,
  )
  .join('\n');

/** The only style sheet of the page. The content security policy names its digest, so no other style applies. */
export const style = `
:root{color-scheme:light dark;${variables};font:16px/1.5 system-ui,"DejaVu Sans",sans-serif}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);overflow-wrap:break-word}
header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}
header{padding-top:1rem}
h1{font-size:1.35rem;line-height:1.25;margin:.2rem 0}
h2{font-size:1.3rem;line-height:1.3;margin:2.2rem 0 .6rem}
h3{font-size:1.05rem;margin:1.2rem 0 .4rem}
h4{font-size:.95rem;margin:.6rem 0 .2rem}
p{margin:.35rem 0}
ul,ol{margin:.3rem 0;padding-left:1.3rem}
a{color:var(--link)}
a:focus-visible,button:focus-visible,summary:focus-visible,input:focus-visible{outline:3px solid var(--link);outline-offset:2px}
abbr{text-decoration:none}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:.4rem 0}
.quiet{color:var(--muted);font-size:.9rem}
td .quiet{display:block}
.open{color:var(--muted)}
td .open,.findings .open{display:block;font-size:.9rem}
.sprite{position:absolute}
.mark{width:1em;height:1em;vertical-align:-.12em;margin-right:.35em;flex:none}
.ink{fill:none;stroke:var(--page);stroke-width:2;stroke-linecap:round}
.ring{fill:none;stroke:var(--not-run);stroke-width:2;stroke-dasharray:3 2.2}
.badge{display:inline-block;white-space:nowrap;font-weight:600;font-size:.9rem;border-radius:1rem;padding:.05rem .6rem}
.badge.waived,.decision.waived{color:var(--text);background:repeating-linear-gradient(135deg,var(--not-run-tint) 0 6px,var(--breached-tint) 6px 12px)}
.mark.waived,.dot.waived{fill:var(--breached)}
${markRules}
.decision{border:1px solid;border-left-width:.5rem;border-radius:.4rem;padding:.7rem 1rem;margin-top:1rem;color:var(--text)}
.decision h2{margin:0;font-size:1.6rem}
.decision .open,.decision .quiet,.decision h3{color:var(--text)}
.decision h3{margin:.6rem 0 .1rem;font-size:.95rem}
.counts{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;list-style:none;padding:0}
.human,.findings{list-style:none;padding:0}
.human>li,.findings>li{border-top:1px solid var(--line);padding:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem .45rem 0;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:.9rem;color:var(--muted);white-space:nowrap}
th button{all:unset;cursor:pointer;text-decoration:underline dotted}
th button:focus-visible{outline:3px solid var(--link)}
.numbers{width:auto}
.numbers th{font-weight:400;padding-right:1rem}
.numbers td{font-variant-numeric:tabular-nums;padding-right:1rem}
.cards td:first-child,.cards td:last-child{overflow-wrap:anywhere}
.cards td:first-child{min-width:13rem}
.cards td:last-child{min-width:14rem}
.figure{display:block;font-variant-numeric:tabular-nums}
.share{display:block;width:120px;max-width:100%;height:10px;margin:.15rem 0}
.share .ground{fill:var(--line)}
.share .end{fill:var(--text)}
.share .measured{fill:var(--measured)}
.share.spread{width:160px;height:12px}
.share .median{fill:var(--page);stroke:var(--text);stroke-width:.6}
.clause{border-top:1px solid var(--line);padding:.3rem 0 .2rem}
.clause h4{margin:.3rem 0}
.sign-off{margin:1.2rem 0}
.sign-off caption{text-align:left;font-weight:600;padding:.4rem 0}
.sign-off th,.sign-off td{border:1px solid var(--line);padding:.6rem;height:2.6rem}
.sign-off td{width:27%}
#promise-table td:first-child{min-width:9rem}
#promise-table td:nth-child(3),#promise-table td:nth-child(4){min-width:10.5rem}
#promise-table td:nth-child(6){min-width:7rem}
.promise{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:0 .9rem}
.promise>summary{padding:.5rem 0;cursor:pointer}
summary h3{display:inline;font-weight:400;margin:0}
.body{padding-bottom:.8rem;scroll-margin-top:4rem}
tr:target,.body:target{outline:2px solid var(--link);outline-offset:4px}
.facts{margin:.6rem 0}
.facts>div{display:grid;grid-template-columns:9rem 1fr;gap:.6rem;padding:.1rem 0}
.facts dt{color:var(--muted)}
.facts dd{margin:0;min-width:0;overflow-wrap:anywhere}
.digest{color:var(--muted);font-size:.85rem;overflow-wrap:anywhere}
.command{background:var(--surface);border:1px solid var(--line);border-radius:.25rem;padding:.1rem .35rem;font:.88rem ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.copy{margin-left:.35rem}
button{font:inherit;font-size:.9rem;color:var(--text);background:var(--surface);border:1px solid var(--line);border-radius:.3rem;padding:.1rem .5rem;cursor:pointer}
button[aria-pressed=true]{border-color:var(--link);box-shadow:inset 0 0 0 1px var(--link)}
#filters:not([hidden]){display:flex;flex-wrap:wrap;gap:.4rem;align-items:center;margin:.6rem 0}
input{font:inherit;color:var(--text);background:var(--page);border:1px solid var(--muted);border-radius:.3rem;padding:.1rem .4rem;max-width:100%}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:.6rem 2rem}
figure{margin:.6rem 0;min-width:0}
.chart{display:block;width:100%;max-width:420px;height:auto;font:14px system-ui,"DejaVu Sans",sans-serif}
.chart text{fill:var(--text);paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
.chart .tick{fill:var(--muted);font-size:13px}
.chart .value,.chart .objective-label,.chart .moment-label,.chart .tick{font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1}
.objective{stroke:var(--text);stroke-width:2}
.moment{stroke:var(--muted);stroke-width:1.5;stroke-dasharray:4 3}
.chart .measured,.swatch.measured,.point,.swatch.dot{fill:var(--measured);background:var(--measured)}
.chart .kept,.swatch.kept{fill:var(--met);background:var(--met)}
.chart .unfinished{fill:var(--breached)}
.chart .budgeted,.chart .lost{fill:url(#hatch)}
.chart .lost-bad{fill:url(#hatch-bad)}
.hatch-ground{fill:var(--page)}
.hatch-line{fill:var(--budgeted)}
.hatch-line-bad{fill:var(--breached)}
.chart .budgeted{stroke:var(--budgeted)}
.chart .lost{stroke:var(--budgeted)}
.chart .lost-bad{stroke:var(--breached)}
.chart .band,.swatch.band{fill:var(--band);background:var(--band)}
.fit{fill:none;stroke:var(--measured);stroke-width:2}
.expected{fill:var(--page);stroke:var(--measured);stroke-width:2.5}
.dot.breached,.dot.met,.dot.unproven,.dot.at-risk{stroke:var(--page);stroke-width:1}
.key{font-size:.9rem;color:var(--muted)}
.swatch{display:inline-block;width:1.1rem;height:.7rem;margin:0 .35rem 0 .2rem;vertical-align:-.02rem}
.swatch.dot{width:.7rem;border-radius:50%}
.swatch.budgeted,.swatch.lost{background:repeating-linear-gradient(135deg,var(--budgeted) 0 3px,var(--page) 3px 6px);border:1px solid var(--budgeted)}
.swatch.lost-bad{background:repeating-linear-gradient(135deg,var(--breached) 0 3px,var(--page) 3px 6px);border:1px solid var(--breached)}
.compared{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:0 2rem}
.compared>div{min-width:0}
footer{color:var(--muted);font-size:.9rem;padding-top:2rem;padding-bottom:2rem}
@media screen and (max-width:60rem){
.cards td:first-child,.cards td:last-child{min-width:0}
header,main,footer{padding-left:.7rem;padding-right:.7rem}
.promise{padding:0 .55rem}
.cards,.cards tbody,.cards tr,.cards td{display:block}
.cards thead{position:absolute;left:-99rem}
.cards tr{border:1px solid var(--line);border-radius:.4rem;padding:.4rem .7rem;margin:.5rem 0}
.cards td{border:0;padding:.15rem 0}
.cards td[data-label]::before{content:attr(data-label);display:block;color:var(--muted);font-size:.85rem}
.facts>div{grid-template-columns:1fr;gap:0}
.numbers{display:block;overflow-x:auto}
}
@media screen and (min-width:36rem) and (max-width:60rem){
.cards tr{display:grid;grid-template-columns:1fr 1fr;gap:.1rem 1.5rem}
}
@media print{
@page{size:A4;margin:14mm}
:root{color-scheme:light;font-size:8.5pt}
.charts,.compared{grid-template-columns:1fr 1fr}
*{print-color-adjust:exact}
nav,.copy,#filters,.skip{display:none!important}
details::details-content{content-visibility:visible;display:block;block-size:auto}
figure,tr,.human>li,.findings>li,.decision,.clause,.sign-off{break-inside:avoid}
h2,h3,h4,summary{break-after:avoid}
.chart{max-width:85mm}
header,main,footer{max-width:none;padding:0}
}
@media (forced-colors:active){
.chart text{fill:CanvasText}
.grid{stroke:GrayText}
.objective,.fit,.moment{stroke:CanvasText}
.badge,.decision{border:1px solid CanvasText;forced-color-adjust:auto}
}
`;
