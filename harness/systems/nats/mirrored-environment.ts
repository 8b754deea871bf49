import type { Region, RegionPair } from './regions.ts';

/** What the platform's failover scripts are given: both regions, the name, and credentials. */
export function variablesOfRegions({ primary, standby, name, credentials }: RegionPair): Record<string, string> {
  return {
    ...variablesOf('PRIMARY', primary),
    ...variablesOf('STANDBY', standby),
    SERVICE_NAME: name.service,
    HOSTED_ZONE_ID: name.hostedZoneId,
    DNS_SERVER: name.server,
    OPERATOR_USER: credentials.operatorUser,
    OPERATOR_PASSWORD: credentials.operatorPassword,
    SYSTEM_USER: credentials.systemUser,
    SYSTEM_PASSWORD: credentials.systemPassword,
  };
}

const variablesOf = (role: 'PRIMARY' | 'STANDBY', region: Region): Record<string, string> => ({
  [`${role}_REGION`]: region.name,
  [`${role}_DOMAIN`]: region.domain,
  [`${role}_NATS_URL`]: region.url,
  [`${role}_BUCKET`]: region.bucket,
  [`${role}_S3_ENDPOINT`]: region.s3Endpoint,
  [`${role}_ACCESS_FILE`]: region.accessFile,
  [`${role}_RECORD`]: region.serviceRecord,
});

const meaningsOf = (role: 'PRIMARY' | 'STANDBY', which: string): Record<string, string> => ({
  [`${role}_REGION`]: `the AWS region ${which}`,
  [`${role}_DOMAIN`]: `the JetStream domain of the NATS servers ${which}`,
  [`${role}_NATS_URL`]: `the address of the NATS servers ${which}, not the name that users use`,
  [`${role}_BUCKET`]: `the bucket of the region ${which}, which says who is in charge`,
  [`${role}_S3_ENDPOINT`]: `where the region ${which} answers for S3; leave it unset for AWS’s own`,
  [`${role}_ACCESS_FILE`]: `the file of users' permissions that the NATS servers ${which} include`,
  [`${role}_RECORD`]: `the SRV record that leads users to the region ${which}`,
});

/** What those variables mean to an operator. */
export const meaningsOfRegions: Readonly<Record<string, string>> = {
  STREAMS: 'the mirrored streams, separated by spaces',
  ...meaningsOf('PRIMARY', 'that is in charge at first'),
  ...meaningsOf('STANDBY', 'that mirrors it'),
  SERVICE_NAME: 'the DNS name of the service, e.g. `_nats._tcp.shop.example`',
  HOSTED_ZONE_ID: 'the Route 53 hosted zone of that name',
  DNS_SERVER: 'a DNS server that answers it, as `address:port`',
  OPERATOR_USER: 'the NATS user that may do everything in the account',
  OPERATOR_PASSWORD: 'its password',
  SYSTEM_USER: 'the NATS user of the system account, which may reload a server',
  SYSTEM_PASSWORD: 'its password',
};
