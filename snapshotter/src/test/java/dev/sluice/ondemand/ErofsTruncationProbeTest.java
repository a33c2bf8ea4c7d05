package dev.sluice.ondemand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.SystemInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErofsTruncationProbeTest {
    private final Linux linux = Linux.load();

    @TempDir
    Path scratch;

    @Test
    void provesThatThisKernelReportsAShortFileAndLeavesNothingBehind() throws IOException {
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 12), "EROFS on regular files needs Linux 6.12");

        provesThatAShortDeviceIsReported(new FileBackedErofs(linux.mounts()));
    }

    @Test
    void provesThatAShortLoopDeviceIsReported() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this kernel has no loop devices");

        provesThatAShortDeviceIsReported(new LoopErofs(linux.loopDevices(), linux.mounts()));
    }

    private void provesThatAShortDeviceIsReported(ErofsMounter erofs) throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");

        ProbeResult result = new ErofsTruncationProbe(linux, erofs, scratch).run();

        assertThat(result.reason())
                .startsWith("on " + erofs.way() + ", reading from a short device fails as it should");
        assertThat(result.ok()).isTrue();
        assertThat(scratch).isEmptyDirectory();
        assertThat(MountTable.read().under(scratch)).isEmpty();
    }

    @Test
    void saysWhyItCouldNotTry() {
        ProbeResult result =
                new ErofsTruncationProbe(linux, new FileBackedErofs(linux.mounts()), scratch.resolve("missing")).run();

        assertThat(result.ok()).isFalse();
        assertThat(result.reason()).contains("missing");
        assertThat(Files.exists(scratch.resolve("missing"))).isFalse();
    }
}
