import { describePoorPlatform } from './testing/poor-platform.ts';

// The CronJobs run as Jobs here: what is wrong with them must be told from a pod as well as from a process.
describePoorPlatform(500_000);
