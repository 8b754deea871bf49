export type CheckState = 'ok' | 'note' | 'missing';

export interface Check {
  readonly name: string;
  /** `missing` keeps a drill from running; `note` does not. */
  readonly state: CheckState;
  readonly wanted: string;
  readonly found: string;
  readonly from: string;
  /** What is wrong, for a check that is not ok. */
  readonly problem?: string;
  /** The contracts and postures that cannot be proved without it. */
  readonly contracts?: readonly string[];
  /** The command or the step that puts it right. */
  readonly fix?: string;
}

/** What is known of one part without obtaining it. */
export interface ToolStatus {
  readonly name: string;
  readonly wantedVersion: string;
  readonly foundVersion?: string | undefined;
  readonly source?: string | undefined;
  readonly path?: string | undefined;
  readonly missing?: boolean | string | undefined;
  readonly fix?: string | undefined;
  /** What builds or installs it; unknown when left out. */
  readonly builder?: string | undefined;
  /** True where a run fetches it by itself, if it can. */
  readonly fetched?: boolean | undefined;
}

export interface BuilderStatus extends ToolStatus {
  /** Whether something that is missing is built by it. */
  readonly needed: boolean;
}

const OBTAIN = 'npx dr-contracts toolchain';

export function checkTool(tool: ToolStatus): Check {
  const isMissing = typeof tool.missing === 'string' || tool.missing === true || tool.foundVersion === undefined;
  return {
    name: tool.name,
    state: isMissing ? 'missing' : 'ok',
    wanted: tool.wantedVersion,
    found: tool.foundVersion ?? '-',
    from: tool.source ?? '-',
    ...(typeof tool.missing === 'string' ? { problem: tool.missing } : {}),
    ...(isMissing ? { fix: tool.fix ?? OBTAIN } : {}),
  };
}

/** A drill can start without it. */
export function checkOptional(tool: ToolStatus): Check {
  const check = checkTool(tool);
  return check.state === 'missing' ? { ...check, state: 'note' } : check;
}
