import { expect, test } from 'vitest';
import { recipeOf } from '../../toolchain/recipes.ts';
import { isMakeable, madeName } from './made-images.ts';
import { dockerSettings, imageOf, imagesFor } from './settings.ts';

test('every image and the pull policy have a tested default, and each is one setting', () => {
  expect(dockerSettings({}).pull).toBe('missing');
  const mirrored = dockerSettings({
    DR_CONTRACTS_IMAGE_KIND_NODE: 'mirror.example:5000/kindest/node:v1.35.0',
    DR_CONTRACTS_PULL: 'never',
  });
  expect(mirrored).toEqual({
    images: { ...dockerSettings({}).images, 'kind-node': 'mirror.example:5000/kindest/node:v1.35.0' },
    pull: 'never',
  });
});

test('a value that cannot be meant is refused with the variable that holds it', () => {
  expect(() => dockerSettings({ DR_CONTRACTS_PULL: 'sometimes' })).toThrow(/DR_CONTRACTS_PULL.*pull/s);
  expect(() => dockerSettings({ DR_CONTRACTS_IMAGE_NATS: '--privileged' })).toThrow(
    /`images\.nats` is not an image reference/,
  );
});

test('only the images of the needed parts are asked for', () => {
  expect(imagesFor(['nats'])).toEqual(['nats']);
  expect(imagesFor(['regions'])).toEqual(['nats', 'localstack', 'toxiproxy', 'coredns']);
  expect(imagesFor(['velero'])).toEqual(['localstack', 'kind-node', 'velero', 'velero-plugin-for-aws']);
});

test('the image of the DNS server can be made where it cannot be pulled, unless it is another one', () => {
  expect(isMakeable(imageOf(dockerSettings({}), 'coredns'))).toBe(true);
  expect(isMakeable('mirror.example/coredns:1.14.7')).toBe(false);
  // The toolchain's CoreDNS is reduced, so an image of it does not take the official name.
  expect(madeName(imageOf(dockerSettings({}), 'coredns'))).toBe(`dr-contracts/coredns:${recipeOf('coredns').version}`);
});
