package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Whatever stops it and whenever: a page that counts as present has the right bytes, and what was promised to stay is there. */
class SparseFileDeviceFaultTest {
    private static final Path DATA = Path.of("data");
    private static final Path PRESENT = Path.of("present");
    private static final int PAGES = 70;
    private static final int BLOCK = 4096;
    private static final int OPERATIONS = 25;
    private static final int SCRIPTS = 8;
    private static final byte[] LAYER = layer();

    /** A device used as a script of random operations says, and what it must hold. */
    private static final class Use {
        private final FaultyFiles files;
        private final BootId boot;
        private final Random script;
        /** Writes of these returned, and nobody asked to forget them since. */
        private final BitSet written = new BitSet();
        /** Of these, a sync returned too. */
        private final BitSet durable = new BitSet();

        private Use(FaultyFiles files, BootId boot, long seed) {
            this.files = files;
            this.boot = boot;
            this.script = new Random(seed);
        }

        /** Runs until the end of the script, or a crash. */
        void run() throws IOException {
            SparseFileDevice device = SparseFileDevice.open(files, DATA, PRESENT, (long) PAGES * PAGE, boot);
            for (int i = 0; i < OPERATIONS; i++) {
                int from = script.nextInt(PAGES);
                int count = 1 + script.nextInt(Math.min(6, PAGES - from));
                switch (script.nextInt(6)) {
                    case 0 -> sync(device);
                    case 1 -> forget(device, from, count);
                    default -> write(device, from, count);
                }
            }
            device.close();
            durable.or(written);
        }

        private void write(SparseFileDevice device, int from, int count) throws IOException {
            device.write((long) from * PAGE, contents(from, count));
            written.set(from, from + count);
        }

        private void forget(SparseFileDevice device, int from, int count) throws IOException {
            written.clear(from, from + count);
            durable.clear(from, from + count);
            device.forget((long) from * PAGE, (long) count * PAGE);
        }

        private void sync(SparseFileDevice device) throws IOException {
            try {
                device.sync();
                durable.or(written);
            } catch (FaultyFiles.CrashException e) {
                throw e;
            } catch (IOException e) {
                // The disk failed: what was not durable before may be gone.
                written.and(durable);
            }
        }
    }

    /** What the layer has there: never zeros. */
    private static ByteBuffer contents(int from, int count) {
        return ByteBuffer.wrap(LAYER, from * PAGE, count * PAGE).slice();
    }

    private static byte[] layer() {
        byte[] bytes = new byte[PAGES * PAGE];
        new Random(42).nextBytes(bytes);
        return bytes;
    }

    private static BitSet present(FaultyFiles files, BootId boot) throws IOException {
        BitSet present = new BitSet();
        try (SparseFileDevice device = SparseFileDevice.open(files, DATA, PRESENT, (long) PAGES * PAGE, boot)) {
            for (int page = 0; page < PAGES; page++) {
                if (device.isPresent((long) page * PAGE, PAGE)) {
                    present.set(page);
                    assertThat(Pages.read(device, (long) page * PAGE, PAGE))
                            .as("page %d", page)
                            .isEqualTo(contents(page, 1));
                }
            }
        }
        return present;
    }

    private static void assertHolds(BitSet present, BitSet promised) {
        BitSet missing = (BitSet) promised.clone();
        missing.andNot(present);
        assertThat(missing).as("pages that were promised to stay").isEqualTo(new BitSet());
    }

    private static BootId boot(long number) {
        return new BootId(new UUID(1, number));
    }

    private interface Check {
        void run(Use use, boolean crashed) throws IOException;
    }

    /** Crashes each script at each of its steps. */
    private static void atEveryStep(Check check) throws IOException {
        int crashes = 0;
        for (long seed = 0; seed < SCRIPTS; seed++) {
            boolean crashed = true;
            for (int step = 0; crashed; step++) {
                FaultyFiles files = new FaultyFiles(new Random(seed * 1000 + step));
                files.crashAt(step);
                Use use = new Use(files, boot(1), seed);
                crashed = crashes(use);
                try {
                    check.run(use, crashed);
                } catch (IOException | AssertionError e) {
                    throw new AssertionError("script " + seed + ", crash at step " + step, e);
                }
                crashes++;
            }
        }
        assertThat(crashes).isGreaterThan(SCRIPTS * OPERATIONS);
    }

    private static boolean crashes(Use use) throws IOException {
        try {
            use.run();
            return false;
        } catch (FaultyFiles.CrashException e) {
            return true;
        }
    }

    @Test
    void aProcessThatDiesAtAnyStepLosesNothing() throws IOException {
        atEveryStep((use, crashed) -> assertHolds(present(use.files.afterTheProcessDied(), boot(1)), use.written));
    }

    @Test
    void aMachineThatStopsAtAnyStepLosesOnlyWhatWasNotSynced() throws IOException {
        atEveryStep((use, crashed) -> {
            for (int i = 0; i < 3; i++) {
                FaultyFiles after = use.files.afterThePowerFailed();
                assertHolds(present(after, boot(2)), use.durable);
                // And once more: what the first look repaired is no worse for it.
                assertHolds(present(after.afterThePowerFailed(), boot(3)), use.durable);
            }
        });
    }

    @Test
    void aDeviceGoesOnAfterAnyCrash() throws IOException {
        atEveryStep((use, crashed) -> {
            Use next = new Use(use.files.afterThePowerFailed(), boot(2), use.script.nextLong());
            next.run();
            assertHolds(present(next.files.afterThePowerFailed(), boot(3)), next.durable);
        });
    }

    @Test
    void aSyncThatFailsLeavesNothingThatOnlySeemsToBeThere() throws IOException {
        for (long seed = 0; seed < SCRIPTS * 10; seed++) {
            Random random = new Random(seed);
            FaultyFiles files = new FaultyFiles(random);
            // After the device was made.
            files.failSyncAt(12 + random.nextInt(OPERATIONS));
            Use use = new Use(files, boot(1), seed);
            try {
                use.run();
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("a disk fails");
            }
            assertHolds(present(files.afterThePowerFailed(), boot(2)), use.durable);
        }
    }

    @Test
    void noFlippedBitOfTheEvidenceMakesAPageCountThatIsNotThere() throws IOException {
        FaultyFiles files = new FaultyFiles(new Random(1));
        new Use(files, boot(1), 1).run();
        long blocks = files.size(PRESENT).orElseThrow() / BLOCK;
        for (long block = 0; block < blocks; block++) {
            // All that means something stands at the beginning of a block.
            for (int bit = 0; bit < 40 * 8; bit++) {
                long flipped = block * BLOCK * 8 + bit;
                FaultyFiles damaged = files.afterTheProcessDied();
                damaged.flip(PRESENT, flipped);
                try {
                    // With the live bitmap, and with the durable one.
                    assertThat(present(damaged.afterTheProcessDied(), boot(1)).length())
                            .isLessThanOrEqualTo(PAGES);
                    assertThat(present(damaged, boot(2)).length()).isLessThanOrEqualTo(PAGES);
                } catch (IOException e) {
                    assertThat(e).as("bit %d", flipped).hasMessageContaining("version");
                } catch (AssertionError e) {
                    throw new AssertionError("bit " + flipped, e);
                }
            }
        }
    }
}
