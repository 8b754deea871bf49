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
  /** Extent of the loss: the asset alone, the whole server, the whole control plane. */
  readonly blastRadius: string;
  /** Promises that the drill must prove besides the content. The asset's `assurances` have to cover each of them. */
  readonly assures?: readonly AssurancePromise[];
  /** True when the disaster also takes the backups. Only the copies that the procedure's `copiedOn` made elsewhere are left. */
  readonly losesBackups?: boolean;
  /** Place of the restore, if it is not the one that took the backups. */
  readonly restoresIn?: 'new place' | 'standby';
  /**
   * True when writes made after a backup survive the disaster, altered or not. A restore of an older recovery point would only overwrite
   * them, so this disaster always restores the newest one.
   */
  readonly leavesContent?: boolean;
  /** True when the disaster destroys nothing. The asset is restored into an empty place, and the original keeps running. */
  readonly isRehearsal?: boolean;
  /** Ways to bring the asset back after the disaster. Default: programs of the platform. */
  readonly offers?: readonly Access[];
}

/** Definition of an asset that a contract protects. The contract's author makes it; each drill opens it once. */
export interface AssetKind<W extends Ways = Ways> {
  /** Never set. The types use it to refuse a procedure that cannot protect this asset. */
  readonly ways?: W;
  /** Name of the system, e.g. `nats`. */
  readonly system: string;
  readonly description: string;
  readonly inScope: readonly string[];
  readonly outOfScope: readonly string[];
  readonly needs: readonly Capability[];
  /**
   * Paths of files and folders that it reads, runs or applies, relative to the platform's folder: scripts, manifests, folders of images. A
   * proof holds until one of them changes. Quoted paths in the contract file are found without this list.
   */
  readonly reads?: readonly string[];
  readonly disasters: readonly Disaster[];
  /** Number of things that this asset protects. A contract over none is refused. */
  readonly protectedCount: number;
  /**
   * Reads the manifests that it names and returns the asset that they describe. Present only until then. A run calls it; commands that only
   * list contracts do not.
   * @throws {ContractMistakeError} for a mistake in the contract or in its manifests.
   */
  prepared?(render: RenderManifests): Promise<AssetKind>;
  /** Prepares the place (names, connections, dedicated servers). Writes nothing into the asset yet. */
  open(options: OpenOptions): Promise<OpenAsset>;
}

/** Options with which a drill opens an asset. */
export interface OpenOptions {
  readonly target: Target;
  /** Short and unique; lower-case letters and digits. Part of every name that the drill makes. */
  readonly drillId: string;
  readonly disaster: string;
  /** Multiple of the base amount of data to seed; 1 unless the contract declares a production size. */
  readonly scale: number;
  readonly step: Step;
}

/** Identity of one thing, read before the disaster and after the restore. A new value proves that the old thing did not simply survive. */
export interface Identity {
  readonly what: string;
  readonly value: string;
  /**
   * The documented recovery that keeps this identity, if there is one: "removing the delete marker makes the earlier version current
   * again". An unchanged value then does not show that nothing was destroyed; the absence checks have to prove the destruction.
   */
  readonly keptBy?: string;
}

/** One read that shows whether a part of the asset is gone. */
export interface AbsenceCheck {
  /** Description of the read. */
  readonly what: string;
  readonly gone: boolean;
  readonly observed: string;
}

/** Content of the asset at one moment, kept as a file outside the blast radius. The drill engine does not read it. */
export interface Fingerprint {
  readonly path: string;
  /** Number of items that `compare` must compare: the sum of `kinds`. */
  readonly items: number;
  readonly bytes: number;
  readonly digest: string;
  /** Items by kind, named as `compare` names them. */
  readonly kinds: readonly { readonly kind: string; readonly items: number }[];
}

/** Data that the drill wrote into the asset before its first backup. */
export interface Seeded {
  readonly items: number;
  readonly bytes: number;
  /** Descriptions for a reader, e.g. "10,000 messages in 3 subjects". */
  readonly parts: readonly string[];
}

/** A marker in the restored asset. Markers come in the asset's own order. */
export interface ObservedMarker {
  readonly sequence: number;
  readonly body: string;
}

/** One ordered sequence of markers: a stream, a bucket prefix, a namespace. */
export interface MarkerLane {
  readonly name: string;
  /** Pause between two markers; the drill's when left out. Every marker is one more thing to restore. */
  readonly intervalMs?: number;
  /**
   * Writes one marker and resolves when the asset has acknowledged it. Rejects when the asset refuses it. Rejects with an
   * `IndeterminateWriteError` when it is unknown whether the marker was written.
   */
  write(sequence: number, body: string, signal: AbortSignal): Promise<void>;
  /** Reads every marker that the asset holds now, in the asset's own order. */
  read(signal: AbortSignal): AsyncIterable<ObservedMarker>;
}

/**
 * Reads and writes the asset from outside, as a user would, during the whole drill. Each call is one attempt; a failed one rejects with the
 * reason.
 */
export interface AssetProbe {
  /** Descriptions of what `read` reads and `write` writes: "the last seeded message of every stream". */
  readonly reads?: string;
  readonly writes?: string;
  /** Reads some seeded data and checks its content. */
  read(signal: AbortSignal): Promise<void>;
  /** Writes something new that the comparison recognises as the probe's. */
  write(signal: AbortSignal): Promise<void>;
}

/** Result of a disaster. */
export interface Destruction {
  /** Exact description of the destruction, e.g. "process killed (SIGKILL), page cache kept, storage folder removed". */
  readonly exercised: string;
}

/** Functions of the drill that a disaster can call. */
export interface DestroyControl {
  /** Stops the writer, for a disaster that takes the users' access first. The engine also calls it when destruction has ended. */
  cutOff(): Promise<void>;
}

/** Position of a live replica in one lane. */
export interface ReplicaSight {
  readonly lane: string;
  /** Location of the replica, for a reader. */
  readonly place: string;
  /** The last position that the asset has acknowledged to any client, and the last one that the replica holds. */
  readonly position: { readonly asset: number; readonly replica: number };
  /** The highest marker of this drill that the replica holds; 0 when it holds none. */
  readonly heldThrough: number;
  readonly items: number;
  readonly sizeBytes: number;
}

/** A live replica, read without the asset: it answers when the asset is gone. */
export interface Replica {
  readonly description: string;
  look(signal: AbortSignal): Promise<readonly ReplicaSight[]>;
}

/** A write that bypasses the redirection of users. */
export interface WriteAttempt {
  /** Description of the write, e.g. "publish to stream ORDERS in region us-west-2". */
  readonly what: string;
  readonly accepted: boolean;
  /** True when no answer came, so it is unknown whether the write was accepted. */
  readonly unanswered?: boolean;
  readonly observed: string;
}

/** A read that must hold after a fail-back. */
export interface ProofRead {
  readonly what: string;
  readonly holds: boolean;
  readonly observed: string;
}

/** Proof that a drill of the asset has to bring, announced before the disaster. The judge demands each part by its name. */
export interface AssetProof {
  /** `what` of each check of `proveGone`, in its order. */
  readonly absence: readonly string[];
  /** `promise` and `what` of each of the `assurances`. */
  readonly assurances?: readonly { readonly promise: AssurancePromise; readonly what: string }[];
}

/** Proof that a fail-back has to bring, announced before the disaster. */
export interface LostPlaceProof {
  /** `what` of each attempt of `tryWrites`, in its order. */
  readonly writes: readonly string[];
  /** `what` of each read of `proveInCharge`, in its order. */
  readonly proofs: readonly string[];
}

/** The place that the disaster took, if it can come back by itself while another one is in charge. */
export interface LostPlace {
  readonly description: string;
  expectedProof(): LostPlaceProof;
  /**
   * Brings back the services that the place depends on, such as its S3. The place itself has not started; the step that keeps users out
   * runs next.
   */
  groundComesBack?(step: Step): Promise<void>;
  /** Starts the place as it would start by itself, with the rest of its stored data. Returns an exact description of what it did. */
  comeBack(step: Step): Promise<string>;
  /** Writes once to each part of the place, bypassing the redirection of users. */
  tryWrites(step: Step): Promise<readonly WriteAttempt[]>;
  /** Reads whether the place is in charge again and the other place follows it. From here on, lanes and comparison read from this place. */
  proveInCharge(step: Step): Promise<readonly ProofRead[]>;
}

/**
 * A service outside the platform that answers quickly unless the machine is too busy. The drill asks it while the platform's answer is
 * late, to tell a slow machine from a slow platform.
 */
export interface SpeedControl {
  /** Name for a reader, e.g. "the API server of the cluster". */
  readonly what: string;
  /** Sends one small request. Rejects without a good answer. An own member, because callers call it without its object. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
}

/** Empties the place that a restore has filled: the one where users now find the asset. */
export interface Clearing {
  /** Removes the restored data that carries this drill's mark or a name that only this drill uses. Called once. */
  clear(step: Step): Promise<void>;
  /** Reads once everything that must be gone. The engine repeats it until all of it is gone or the budget ends. */
  proveGone(step: Step): Promise<readonly AbsenceCheck[]>;
}

/** An asset in a drill. Everything that it makes carries the disposable mark of its session. Disposal removes all of it. */
export interface OpenAsset extends AsyncDisposable {
  readonly lanes: readonly MarkerLane[];
  readonly probe: AssetProbe;
  /** Takes the same route as the probe's requests, to a service that no disaster of the asset affects. */
  readonly speedControl?: SpeedControl;
  /** The live replica with which a procedure with the schedule `mirror` protects the asset, if there is one. */
  readonly replica?: Replica;
  /** Present when the disaster leaves a place that can come back. */
  readonly lostPlace?: LostPlace;
  /** Returns the variables for the backup and restore procedures. They may hold credentials and are never logged or recorded. */
  environment(): Readonly<Record<string, string>>;
  /**
   * Names of the variables that hold a secret of the asset's own. The target's credentials, and users in URLs, are known without this list.
   */
  readonly secretVariables?: readonly string[];
  /** Meanings of the variables for an operator, by name; for the runbook. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Reads the effective settings for the record, e.g. `sync_interval`. */
  settings(): Promise<Readonly<Record<string, string>>>;
  seed(step: Step): Promise<Seeded>;
  /** Called once, after `seed`. */
  expectedProof(): AssetProof;
  /** Captures the current content, without markers and probe writes. Each call writes a new file. */
  fingerprint(step: Step): Promise<Fingerprint>;
  /**
   * Changes the content between two backups as users do: adds something, overwrites something with other bytes of the same size, removes or
   * acknowledges something. Does not change the data that the probe reads. The content, and not the number of calls, must tell the two
   * captures apart.
   * @returns a description of each change; none when the configuration allows no change. The method is left out when nothing of the asset
   * can ever change.
   */
  alter?(step: Step): Promise<readonly string[]>;
  identify(step: Step): Promise<readonly Identity[]>;
  /** Destroys things that the asset itself made or that carry its mark. Refuses everything else. */
  destroy(step: Step, control: DestroyControl): Promise<Destruction>;
  /** Reads once everything that must be gone. The engine repeats it until all of it is gone or the budget ends. */
  proveGone(step: Step): Promise<readonly AbsenceCheck[]>;
  /** Makes the empty place to restore into (a new server, a new control plane). Does nothing when the place survived. */
  provision(step: Step): Promise<void>;
  /** For a second restore in the same drill. Left out when no second restore is possible. */
  readonly clearing?: Clearing;
  /**
   * Compares the current content with the fingerprint, as streams. It runs on the living asset before the disaster and on the restored one
   * after it. It skips markers and probe writes, which the engine checks.
   */
  compare(expected: Fingerprint, step: Step): Promise<Comparison>;
  /** Checks after the restore what the disaster `assures`. */
  assurances?(step: Step): Promise<readonly Assurance[]>;
}
