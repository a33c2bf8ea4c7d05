package dev.sluice.ondemand.fanotify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.ondemand.ProbeResult;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FanotifyProbeTest {
    private final Linux linux = Linux.load();

    @TempDir
    Path scratch;

    @Test
    void provesFanotifyOnThisMachineAndLeavesNothingBehind() throws IOException {
        Node.assumeUsable(scratch);

        ProbeResult result = new FanotifyProbe(linux, scratch).run();

        assertThat(result.reason()).isEqualTo("a reader waited until its bytes were there");
        assertThat(result.ok()).isTrue();
        assertThat(scratch).isEmptyDirectory();
        assertThat(MountTable.read().under(scratch)).isEmpty();
    }

    @Test
    void saysWhyItCouldNotTry() {
        ProbeResult result = new FanotifyProbe(linux, scratch.resolve("missing")).run();

        assertThat(result.ok()).isFalse();
        assertThat(result.reason()).containsAnyOf("missing", "6.15");
    }

    @Test
    void aFileSystemThatCannotDoItIsNamed() throws IOException {
        Node.assumeUsable(scratch);

        ProbeResult result = new FanotifyProbe(linux, Path.of("/proc")).run();

        assertThat(result.reason()).isEqualTo("/proc is not on ext4, xfs or btrfs");
    }
}
