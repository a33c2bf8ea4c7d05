package dev.sluice.snapshot;

import com.google.protobuf.Timestamp;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.types.Mount;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Snapshots as containerd's messages. */
final class Messages {
    private Messages() {}

    static Info info(Snapshot snapshot) {
        return Info.newBuilder()
                .setName(snapshot.name())
                .setParent(snapshot.parent().orElse(""))
                .setKind(kind(snapshot.kind()))
                .setCreatedAt(timestamp(snapshot.created()))
                .setUpdatedAt(timestamp(snapshot.updated()))
                .putAllLabels(snapshot.labels())
                .build();
    }

    static List<Mount> mounts(List<MountSpec> mounts) {
        return mounts.stream()
                .map(mount -> Mount.newBuilder()
                        .setType(mount.type())
                        .setSource(mount.source())
                        .addAllOptions(mount.options())
                        .build())
                .toList();
    }

    /** What containerd writes as an empty string where there is nothing. */
    static Optional<String> optional(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private static dev.sluice.proto.containerd.snapshots.Kind kind(Kind kind) {
        return switch (kind) {
            case VIEW -> dev.sluice.proto.containerd.snapshots.Kind.VIEW;
            case ACTIVE -> dev.sluice.proto.containerd.snapshots.Kind.ACTIVE;
            case COMMITTED -> dev.sluice.proto.containerd.snapshots.Kind.COMMITTED;
        };
    }

    private static Timestamp timestamp(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }
}
