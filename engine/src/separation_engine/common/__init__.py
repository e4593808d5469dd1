"""What every part of the engine may use: errors, settings, WAV files, facts about the machine."""
