import { describePoorPlatform } from './testing/poor-platform.ts';

describePoorPlatform(170_000);
