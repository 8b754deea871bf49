import type { Access, Ways } from './access.ts';
import type { Assurance, AssurancePromise, Comparison } from './record-parts.ts';
import type { RenderManifests } from './rendering.ts';
import type { Capability } from './service.ts';
import type { Step } from './step.ts';
import type { Target } from './target.ts';

/** A disaster that an asset kind can stage. */
export interface Disaster {
  readonly name: string;
  /** What happened, for a reader: "the stream is deleted, with its consumers". */
  readonly threat: string;
  /** What is lost with it: the asset alone, the whole server, the whole control plane. */
  readonly blastRadius: string;
  /** What must be shown besides the content: the asset's `assurances` have to cover each of them. */
  readonly assures?: readonly AssurancePromise[];
  /** True when the place of the backups goes too, so that only what the procedure's `copiedOn` has brought elsewhere is left. */
  readonly losesBackups?: boolean;
  /** Where the restore runs, if it is another place than the one that took the backups. */
  readonly restoresIn?: 'new place' | 'standby';
  /**
   * True when what was written after a backup is still there after it, altered or not. An older recovery point can only be put over that,
   * so this disaster always restores the newest one.
   */
  readonly leavesContent?: boolean;
  /** True where nothing is destroyed: the asset is restored in an empty place beside the original, which lives on. */
  readonly isRehearsal?: boolean;
  /** By which ways the asset can be brought back after it; by programs of the platform when left out. */
  readonly offers?: readonly Access[];
}

/** What a contract protects, before it exists: made by a contract's author, opened once a drill. */
export interface AssetKind<W extends Ways = Ways> {
  /** Never there: for the types alone, which refuse a procedure that cannot protect this asset. */
  readonly ways?: W;
  /** The system by name, e.g. `nats`. */
  readonly system: string;
  readonly description: string;
  readonly inScope: readonly string[];
  readonly outOfScope: readonly string[];
  readonly needs: readonly Capability[];
  /**
   * Paths from the platform's folder of what it reads, runs or applies: scripts, manifests, folders of images. A proof holds until one of
   * them changes. Those that stand in the contract file between quotes are found without it.
   */
  readonly reads?: readonly string[];
  readonly disasters: readonly Disaster[];
  /** How many things this asset protects; a contract over none is refused. */
  readonly protectedCount: number;
  /**
   * There while the manifests that it names have not been read: makes the asset that they describe. A run is prepared by it; what only
   * lists contracts does without.
   * @throws {ContractMistakeError} for a mistake in the contract or in its manifests.
   */
  prepared?(render: RenderManifests): Promise<AssetKind>;
  /** Prepares the place (names, connections, dedicated servers); writes nothing into the asset yet. */
  open(options: OpenOptions): Promise<OpenAsset>;
}

/** What an asset is opened with, once a drill. */
export interface OpenOptions {
  readonly target: Target;
  /** Short, unique, lower-case letters and digits: part of every name that the drill makes. */
  readonly drillId: string;
  readonly disaster: string;
  /** How many times the base amount of data to seed; 1 unless the contract declares a production size. */
  readonly scale: number;
  readonly step: Step;
}

/** The same thing seen before the disaster and after the restore; new values prove that the old thing is not simply still there. */
export interface Identity {
  readonly what: string;
  readonly value: string;
  /**
   * The documented recovery that keeps it, where there is one: "removing the delete marker makes the earlier version current again". The
   * same value after the restore is then no sign that nothing was destroyed; the reads of what was gone have to show that.
   */
  readonly keptBy?: string;
}

/** One read that shows whether a part of the asset is gone. */
export interface AbsenceCheck {
  /** The read that was made. */
  readonly what: string;
  readonly gone: boolean;
  readonly observed: string;
}

/** The content of the asset at a moment, kept outside the blast radius as a file; opaque to the drill engine. */
export interface Fingerprint {
  readonly path: string;
  /** How many things `compare` must compare: the sum of `kinds`. */
  readonly items: number;
  readonly bytes: number;
  readonly digest: string;
  /** The same by kind, as `compare` names them. */
  readonly kinds: readonly { readonly kind: string; readonly items: number }[];
}

/** What was written into the asset before its first backup. */
export interface Seeded {
  readonly items: number;
  readonly bytes: number;
  /** Readable parts, e.g. "10,000 messages in 3 subjects". */
  readonly parts: readonly string[];
}

/** A marker found in the restored asset, in the order in which the asset holds them. */
export interface ObservedMarker {
  readonly sequence: number;
  readonly body: string;
}

/** One ordered sequence of markers: a stream, a bucket prefix, a namespace. */
export interface MarkerLane {
  readonly name: string;
  /** Pause between two markers where the asset wants another than the drill's: every marker is one more thing to restore. */
  readonly intervalMs?: number;
  /**
   * Writes one marker and resolves when the asset has acknowledged it. Rejects when it was refused; rejects with
   * an `IndeterminateWriteError` when nobody can tell whether it was written.
   */
  write(sequence: number, body: string, signal: AbortSignal): Promise<void>;
  /** Every marker that the asset holds now, in the asset's own order. */
  read(signal: AbortSignal): AsyncIterable<ObservedMarker>;
}

/** Looks at the asset from outside, as a user would, all through the drill. Each call is one attempt; it rejects with the reason. */
export interface AssetProbe {
  /** What `read` reads and `write` writes, for a reader: "the last seeded message of every stream". */
  readonly reads?: string;
  readonly writes?: string;
  /** Reads something that was seeded, and checks its content. */
  read(signal: AbortSignal): Promise<void>;
  /** Writes something new that the comparison knows to be the probe's. */
  write(signal: AbortSignal): Promise<void>;
}

/** What became of the asset in its disaster. */
export interface Destruction {
  /** Exactly what was exercised, e.g. "process killed (SIGKILL), page cache kept, storage folder removed". */
  readonly exercised: string;
}

/** What a disaster can ask of the drill. */
export interface DestroyControl {
  /** Ends the writer: for a disaster that takes the users' access first. The engine calls it in any case when destruction has ended. */
  cutOff(): Promise<void>;
}

/** How far a live replica has come in one lane. */
export interface ReplicaSight {
  readonly lane: string;
  /** Where the replica is, for a reader. */
  readonly place: string;
  /** The last position that the asset has acknowledged to anybody, and the last one that the replica holds. */
  readonly position: { readonly asset: number; readonly replica: number };
  /** The highest marker of this drill that the replica holds; 0 when it holds none. */
  readonly heldThrough: number;
  readonly items: number;
  readonly sizeBytes: number;
}

/** A live replica, seen from outside and without the asset's help: it answers when the asset is gone. */
export interface Replica {
  readonly description: string;
  look(signal: AbortSignal): Promise<readonly ReplicaSight[]>;
}

/** A write past whatever leads users elsewhere. */
export interface WriteAttempt {
  /** Which write, e.g. "publish to stream ORDERS in region us-west-2". */
  readonly what: string;
  readonly accepted: boolean;
  /** No answer came, so nobody can tell whether it was accepted. */
  readonly unanswered?: boolean;
  readonly observed: string;
}

/** A read that must hold after a fail-back. */
export interface ProofRead {
  readonly what: string;
  readonly holds: boolean;
  readonly observed: string;
}

/** What a drill of the asset has to show, known before the disaster. The judge demands each part by its name. */
export interface AssetProof {
  /** `what` of each check of `proveGone`, in its order. */
  readonly absence: readonly string[];
  /** `promise` and `what` of each of the `assurances`. */
  readonly assurances?: readonly { readonly promise: AssurancePromise; readonly what: string }[];
}

/** What a fail-back has to prove, announced before the disaster. */
export interface LostPlaceProof {
  /** `what` of each attempt of `tryWrites`, in its order. */
  readonly writes: readonly string[];
  /** `what` of each read of `proveInCharge`, in its order. */
  readonly proofs: readonly string[];
}

/** The place that the disaster took, where it can come back by itself while another one is in charge. */
export interface LostPlace {
  readonly description: string;
  expectedProof(): LostPlaceProof;
  /** What it stands on, such as its S3, answers again; nothing of it has started, and what keeps users out runs next. */
  groundComesBack?(step: Step): Promise<void>;
  /** Starts it as it would start by itself, with what is left of what it had stored. Says exactly what was done. */
  comeBack(step: Step): Promise<string>;
  /** One write to each part of it, past whatever leads users elsewhere. */
  tryWrites(step: Step): Promise<readonly WriteAttempt[]>;
  /** Reads that show whether it is in charge again, and the other place follows it. From here on lanes and comparison read there. */
  proveInCharge(step: Step): Promise<readonly ProofRead[]>;
}

/**
 * Something that answers quickly unless the machine is too busy, whatever the platform does. It is asked while the platform's answer is
 * late, to tell a slow machine from a slow platform.
 */
export interface SpeedControl {
  /** For a reader, e.g. "the API server of the cluster". */
  readonly what: string;
  /** One small request. Rejects when there is no good answer. An own member: it is called without its object. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
}

/** Empties the place that a restore has filled, wherever users find the asset now. */
export interface Clearing {
  /** Removes what the restore brought, as far as it carries this drill's mark or a name that only this drill has. Called once. */
  clear(step: Step): Promise<void>;
  /** Reads everything that must be gone, once; the engine repeats it until all is gone or its budget ends. */
  proveGone(step: Step): Promise<readonly AbsenceCheck[]>;
}

/** An asset in a drill. Everything it makes carries the disposable mark of its session; disposal removes all of it. */
export interface OpenAsset extends AsyncDisposable {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  /** The way of the probe's requests, to something that no disaster of the asset touches. */
  readonly speedControl?: SpeedControl;
  /** Only an asset with a live replica: what a procedure with the schedule `mirror` protects it by. */
  readonly replica?: Replica;
  /** Only where the disaster leaves something that can come back. */
  readonly lostPlace?: LostPlace;
  /** What the backup and restore procedures are given. May hold credentials: never logged, never recorded. */
  environment(): Readonly<Record<string, string>>;
  /** Names of those variables that hold a secret of the asset's own. The target's credentials, and users in URLs, are known without it. */
  readonly secretVariables?: readonly string[];
  /** What those variables mean to an operator, by name; for the runbook. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Effective settings for the record, e.g. `sync_interval`. */
  settings(): Promise<Readonly<Record<string, string>>>;
  seed(step: Step): Promise<Seeded>;
  /** Asked once, after `seed`. */
  expectedProof(): AssetProof;
  /** The content as it is now, but for markers and probe writes. Each call leaves a file of its own. */
  fingerprint(step: Step): Promise<Fingerprint>;
  /**
   * Changes the content between two backups as users do: adds something, writes other bytes of the same size over something, removes or
   * acknowledges something. Leaves alone what the probe reads. The content, and not the number of calls, must tell the two captures apart.
   * @returns what was changed, one readable part each; none where its configuration takes no change. Left out where nothing of the asset
   *   can ever be changed.
   */
  alter?(step: Step): Promise<readonly string[]>;
  identify(step: Step): Promise<readonly Identity[]>;
  /** Destroys what it made itself and what carries its mark; refuses everything else. */
  destroy(step: Step, control: DestroyControl): Promise<Destruction>;
  /** Reads everything that must be gone, once; the engine repeats it until all is gone or its budget ends. */
  proveGone(step: Step): Promise<readonly AbsenceCheck[]>;
  /** Makes the empty place to restore into (a new server, a new control plane); nothing when the place survived. */
  provision(step: Step): Promise<void>;
  /** For a second restore in the same drill. Left out where nothing can be restored a second time. */
  readonly clearing?: Clearing;
  /**
   * Compares what is there now with the fingerprint, as streams: the living asset before the disaster, what was restored after it.
   * Markers and probe writes are the engine's.
   */
  compare(expected: Fingerprint, step: Step): Promise<Comparison>;
  /** What its disaster `assures`, looked at after the restore. */
  assurances?(step: Step): Promise<readonly Assurance[]>;
}
