import { defineConfig } from 'dr-contracts';

export default defineConfig({});
