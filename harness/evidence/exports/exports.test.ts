import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Issue } from 'codeclimate-types';
import { validateStrict } from 'ctrf';
import { XMLValidatorFree } from './testing/well-formed.ts';
import { describe, expect, it } from 'vitest';
