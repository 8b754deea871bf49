import { expect, it } from 'vitest';
import { daemonEnvironment } from './docker-command.ts';

it("names docker's own folder of the user's home, where contexts and logins lie", () => {
  expect(daemonEnvironment({ HOME: '/home/ann', AWS_PROFILE: 'production' })).toEqual({
    DOCKER_CONFIG: '/home/ann/.docker',
  });
});

it('passes on what the user says of the daemon', () => {
  const said = { DOCKER_CONFIG: '/etc/docker-of-ci', DOCKER_HOST: 'tcp://127.0.0.1:2375' };
  expect(daemonEnvironment({ HOME: '/home/ann', DOCKER_CONTEXT: '', ...said })).toEqual(said);
});
