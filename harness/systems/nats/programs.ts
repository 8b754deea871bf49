import { type Recipe, versionFlag } from '../../registered/recipe.ts';

const NATS_SERVER = '2.15.2';
const NATS_CLI = '0.5.1';
const COREDNS = '1.14.7';

/** The package in the folder of the module itself. */
const OWN_MAIN = '.';

/** A server of NATS, and its command line. */
export const natsPrograms: readonly Recipe[] = [
  {
    name: 'nats-server',
    version: NATS_SERVER,
    probe: versionFlag(/^nats-server: v(\S+)/m),
    kind: 'go',
    typicalBuildS: 55,
    goModule: 'nats',
    goPackage: 'github.com/nats-io/nats-server/v2',
    requirement: `github.com/nats-io/nats-server/v2 v${NATS_SERVER}`,
    stamps: {},
  },
  {
    name: 'nats',
    version: NATS_CLI,
    probe: versionFlag(/^v?(\d\S*)$/m),
    kind: 'go',
    typicalBuildS: 26,
    goModule: 'nats',
    goPackage: 'github.com/nats-io/natscli/nats',
    requirement: `github.com/nats-io/natscli v${NATS_CLI}`,
    stamps: {},
    onScriptsPath: true,
    inImage: { image: 'nats-box', path: '/usr/local/bin/nats' },
  },
];

/** Programs that resolve the name of one of two regions. */
export const regionPrograms: readonly Recipe[] = [
  {
    name: 'coredns',
    version: `${COREDNS}-slim`,
    wholeVersion: COREDNS,
    probe: versionFlag(/^CoreDNS-(\S+)/m),
    kind: 'go',
    typicalBuildS: 142,
    goModule: 'coredns',
    goPackage: OWN_MAIN,
    requirement: `github.com/coredns/coredns v${COREDNS}`,
    stamps: {},
    image: {
      reference: `coredns/coredns:${COREDNS}`,
      path: '/coredns',
      madeAs: `dr-contracts/coredns:${COREDNS}-slim`,
    },
  },
];
