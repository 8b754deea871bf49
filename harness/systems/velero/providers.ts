import type { Provider } from '../../registered/provider.ts';

export const veleroProvider: Provider = {
  capability: 'velero',
  needs: ['kubernetes', 's3'],
  suppliedBy: {
    local: { tools: ['velero', 'velero-plugin-for-aws'] },
    docker: { tools: ['velero'], images: ['velero', 'velero-plugin-for-aws'] },
  },
  images: {
    velero: 'velero/velero:v1.18.3',
    'velero-plugin-for-aws': 'velero/velero-plugin-for-aws:v1.14.3',
  },
  typicalDrillS: 8,
  isShared: true,
};
