/** The one place that says which versions are wanted. A unit test holds the Go modules and the Python lock file to it. */
export const versions = {
  natsServer: '2.15.2',
  nats: '0.5.1',
  etcd: '3.6.8',
  kubernetes: '1.34.4',
  velero: '1.18.3',
  veleroPluginForAws: '1.14.3',
  localstack: '4.13.1',
  kind: '0.33.0',
  coredns: '1.14.7',
  prometheus: '3.13.5',
  awsCli: '1.44.24',
  /** Any of these runs LocalStack from the one lock file. 3.10 lacks networkx 3.6, 3.14 a wheel of jpype1 1.6. */
  pythons: ['3.11', '3.12', '3.13'],
} as const;
