import { expect, it } from 'vitest';
import { Secrets } from '../model/secrets.ts';
import { drillVariables } from './drill-variables.ts';

const destination = {
  prefix: 'ledger/d1/',
  variables: (standpoint: string) => new Map([['STORE_URL', `store seen from a ${standpoint}`]]),
};
const environment = { LEDGER_URL: 'ledger://127.0.0.1', LEDGER_URL_FROM_PODS: 'ledger://172.18.0.1', LEDGER: 'books' };

function variables(standpoint: 'process' | 'pod'): Record<string, string> {
  const step = { secrets: new Secrets() };
  return Object.fromEntries(drillVariables({ environment, step }, destination, standpoint));
}

it('a process is given the addresses of this machine', () => {
  expect(variables('process')).toEqual({
    LEDGER_URL: 'ledger://127.0.0.1',
    LEDGER: 'books',
    STORE_URL: 'store seen from a process',
  });
});

it('a pod is given under the same names the addresses that it reaches', () => {
  expect(variables('pod')).toEqual({
    LEDGER_URL: 'ledger://172.18.0.1',
    LEDGER: 'books',
    STORE_URL: 'store seen from a pod',
  });
});
