import { describePoorPlatform } from './testing/poor-platform.ts';

// The CronJobs run as Jobs here: their defects must be detected from a pod as well as from a process.
describePoorPlatform(500_000);
