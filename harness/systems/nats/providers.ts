import type { ShippedProvider } from '../../registered/first-contract.ts';
import type { Provider } from '../../registered/provider.ts';
import { natsFirstContract } from './first-contract.ts';
import { sharedNats } from './service.ts';

export const natsProvider: ShippedProvider = {
  capability: 'nats',
  needs: [],
  suppliedBy: {
    local: { tools: ['nats-server', 'nats'] },
    docker: { tools: ['nats'], images: ['nats'] },
  },
  // nats-box does not run: the `nats` command line is copied out of it.
  images: { nats: 'nats:2.15.2', 'nats-box': 'natsio/nats-box:0.5.1' },
  addresses: {
    variables: 'NATS_URL',
    signs: /\bNATS_URL\b|\bnats\s|\b4222\b/,
    values: async (target) => ({ NATS_URL: (await target.place(sharedNats)).url }),
  },
  typicalDrillS: 15,
  firstContract: natsFirstContract,
};

export const natsClusterProvider: Provider = {
  capability: 'nats-cluster',
  needs: [],
  suppliedBy: {
    local: { tools: ['nats-server', 'nats'] },
    docker: { tools: ['nats'], images: ['nats'] },
  },
  typicalDrillS: 15,
};

/** Two regions: a server and a bucket in each, a connection between them, and a name that resolves to one of them. */
export const regionsProvider: Provider = {
  capability: 'regions',
  needs: ['s3'],
  suppliedBy: {
    local: { tools: ['nats-server', 'nats', 'coredns'] },
    docker: { tools: ['nats'], images: ['nats', 'toxiproxy', 'coredns'] },
  },
  images: { toxiproxy: 'ghcr.io/shopify/toxiproxy:2.5.0', coredns: 'coredns/coredns:1.14.7' },
  typicalDrillS: 10,
};
