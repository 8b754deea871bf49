import { gatePolicy } from 'dr-contracts';

// What `dr-contracts gate` lets pass. Every field has a default: docs/ci.md of dr-contracts lists them.
export default gatePolicy({
  priorities: {
    P0: { allow: ['met'], maxAge: '7d' },
    P1: { maxAge: '14d' },
  },
  posture: { maxAge: '7d' },
  waivers: { longest: '90d' },
});
