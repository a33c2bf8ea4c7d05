package dev.sluice.ondemand;

import dev.sluice.linux.LoopDevices;
import dev.sluice.linux.LoopDevices.LoopDevice;
import dev.sluice.linux.Mounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes loop devices of the files, as EROFS before Linux 6.12 reads nothing else. The mount alone keeps them: they go with it, whether this
 * process is there or not. Immutable.
 */
public record LoopErofs(LoopDevices loopDevices, Mounts mounts) implements ErofsMounter {
    @Override
    public String way() {
        return "loop devices";
    }

    @Override
    public boolean readsDirectly() {
        return true;
    }

    @Override
    public void mount(Path metadata, Path device, Path target) throws IOException {
        try (LoopDevice image = loopDevices.attach(metadata);
                LoopDevice data = loopDevices.attach(device)) {
            mounts.erofs(image.path(), List.of(data.path()), target, List.of());
        }
    }
}
