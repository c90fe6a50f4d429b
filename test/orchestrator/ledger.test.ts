/** The ledger in memory holds to the contract of all ledgers. */
import { describe } from 'vitest';
import { memoryLedger } from '../../orchestrator/index.ts';
import { ledgerContract } from '../support/ledger.ts';

describe('the ledger in memory', () => ledgerContract(memoryLedger));
