/** `command || true`, `command || :`, `set +e`: what makes a shell go on, and end well, after something failed. */
const HIDES = /\|\|\s*(?:true|:|exit 0)\s*(?:[;)}#].*)?$|^\s*set \+e\b/;
const SHOWN = 3;

/** The lines of a shell script that hide failures, numbered, for a reader who looks for why nothing was said. */
export function hiddenFailures(script: string): readonly string[] {
  return script
    .split('\n')
    .flatMap((line, index) => (HIDES.test(line) && !/^\s*#/.test(line) ? [`line ${index + 1}: ${line.trim()}`] : []))
    .slice(0, SHOWN);
}
