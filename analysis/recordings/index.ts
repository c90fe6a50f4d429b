/** Recordings of hosts: events out of binary logs and JSON, packed or not, in one normal form and one receipt. */
export { openRecording, type Recording, type RecordingReport } from './recording.ts';
