package dev.sluice.ondemand.fuse;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LoopTable;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.LoopErofs;
import java.nio.file.Files;
import java.nio.file.Path;

/** The same, where EROFS mounts no regular files: metadata image and FUSE file are behind loop devices. */
class LoopErofsOnFuseTest extends ErofsOnFuseTest {
    @Override
    ErofsMounter erofs(Linux linux) {
        return new LoopErofs(linux.loopDevices(), linux.mounts());
    }

    @Override
    void assumeMountable() {
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this kernel has no loop devices");
        MkfsErofs.assumeInstalled();
    }

    @Override
    void assertNothingIsLeft() {
        await().until(() -> LoopTable.under(directory).isEmpty());
    }
}
