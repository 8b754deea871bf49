import { gatePolicy } from 'dr-contracts';

// What has to be proved before the reference platform may be promoted. A proof on either target counts, because the target that can carry
// a contract proves it in full. A contract that only Docker can carry has no proof on a machine without Docker, and blocks there.
export default gatePolicy({
  targets: ['local', 'docker'],
  priorities: {
    P0: { allow: ['met'], maxAge: '3d' },
    P1: { maxAge: '3d' },
    P2: { maxAge: '7d' },
    P3: { maxAge: '7d' },
  },
  posture: { maxAge: '3d' },
  waivers: { longest: '30d', most: 3 },
});
