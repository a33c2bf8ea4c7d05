package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever fails and whenever: a change that was acknowledged is there after a restart, one that was refused is not, and it opens. */
class JournalFaultTest {
    private static final int SCRIPTS = 40;
    private static final int OPERATIONS = 20;

    /** A journal used as a script of random operations says. */
    private static final class Use {
        private final FaultyJournalFiles files;
        private final Random script;
        private final List<Change> acknowledged;
        /** What was being appended when the machine stopped; it may be there or not. */
        private final List<Change> unanswered = new ArrayList<>();

        private long number;

        private Use(FaultyJournalFiles files, long seed, List<Change> before) {
            this.files = files;
            this.script = new Random(seed);
            this.acknowledged = new ArrayList<>(before);
            this.number = 1000 * seed + before.size();
        }

        void run() {
            try (Journal journal = Journal.open(files, change -> {})) {
                for (int i = 0; i < OPERATIONS && !files.isCrashed(); i++) {
                    if (script.nextInt(5) == 0) {
                        checkpoint(journal);
                    } else {
                        append(journal);
                    }
                }
            } catch (IOException e) {
                assertThat(e)
                        .satisfiesAnyOf(
                                it -> assertThat(it).isInstanceOf(FaultyJournalFiles.CrashException.class),
                                it -> assertThat(it).hasMessageContaining("a disk fails"));
            }
        }

        private void append(Journal journal) {
            Change change = new Change.IdsUsed(++number);
            try {
                journal.append(change);
                acknowledged.add(change);
            } catch (IOException e) {
                if (files.isCrashed()) {
                    unanswered.add(change);
                }
            }
        }

        private void checkpoint(Journal journal) {
            try {
                journal.checkpoint(List.copyOf(acknowledged));
            } catch (IOException e) {
                assertThat(e).hasMessageMatching("crashed|a disk fails|.*restart to recover");
            }
        }

        void assertHeldBy(FaultyJournalFiles after) throws IOException {
            List<Change> held = read(after);
            List<Change> all = new ArrayList<>(acknowledged);
            all.addAll(unanswered);
            assertThat(held)
                    .satisfiesAnyOf(
                            it -> assertThat(it).isEqualTo(acknowledged),
                            it -> assertThat(it).isEqualTo(all));
        }
    }

    private static List<Change> read(FaultyJournalFiles files) throws IOException {
        List<Change> changes = new ArrayList<>();
        Journal.open(files, changes::add).close();
        return changes;
    }

    @Test
    void aMachineThatStopsAtAnyStepKeepsWhatWasAcknowledged() throws IOException {
        int crashes = 0;
        for (long seed = 0; seed < SCRIPTS; seed++) {
            boolean crashed = true;
            for (int step = 0; crashed; step++) {
                FaultyJournalFiles files = new FaultyJournalFiles(new Random(seed * 1000 + step));
                files.crashAt(step);
                Use use = new Use(files, seed, List.of());
                use.run();
                crashed = files.isCrashed();
                try {
                    for (int i = 0; i < 4; i++) {
                        FaultyJournalFiles after = files.afterThePowerFailed();
                        use.assertHeldBy(after);
                        use.assertHeldBy(after.afterThePowerFailed());
                    }
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("script " + seed + ", crash at step " + step, e);
                }
                crashes++;
            }
        }
        assertThat(crashes).isGreaterThan(SCRIPTS * OPERATIONS);
    }

    @Test
    void itGoesOnAfterACrashAtAnyStep() throws IOException {
        for (long seed = 0; seed < SCRIPTS; seed++) {
            boolean crashed = true;
            for (int step = 0; crashed; step++) {
                FaultyJournalFiles files = new FaultyJournalFiles(new Random(seed * 1000 + step));
                files.crashAt(step);
                new Use(files, seed, List.of()).run();
                crashed = files.isCrashed();
                FaultyJournalFiles after = files.afterThePowerFailed();
                try {
                    Use next = new Use(after, seed + SCRIPTS, read(after));
                    next.run();
                    next.assertHeldBy(after.afterThePowerFailed());
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("script " + seed + ", crash at step " + step, e);
                }
            }
        }
    }

    @Test
    void anOperationThatFailsIsAsIfItHadNotBeen() throws IOException {
        for (long seed = 0; seed < SCRIPTS; seed++) {
            for (int step = 0; step < 3 * OPERATIONS; step++) {
                FaultyJournalFiles files = new FaultyJournalFiles(new Random(seed * 1000 + step));
                files.failAt(step);
                Use use = new Use(files, seed, List.of());
                use.run();
                try {
                    use.assertHeldBy(files.afterThePowerFailed());
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("script " + seed + ", failure at step " + step, e);
                }
            }
        }
    }
}
