package dev.sluice.snapshot;

import com.google.protobuf.Empty;
import dev.sluice.mount.LazyLayers.Usage;
import dev.sluice.proto.containerd.snapshots.CleanupRequest;
import dev.sluice.proto.containerd.snapshots.CommitSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.ListSnapshotsRequest;
import dev.sluice.proto.containerd.snapshots.ListSnapshotsResponse;
import dev.sluice.proto.containerd.snapshots.MountsRequest;
import dev.sluice.proto.containerd.snapshots.MountsResponse;
import dev.sluice.proto.containerd.snapshots.PrepareSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.PrepareSnapshotResponse;
import dev.sluice.proto.containerd.snapshots.RemoveSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc;
import dev.sluice.proto.containerd.snapshots.StatSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.StatSnapshotResponse;
import dev.sluice.proto.containerd.snapshots.UpdateSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.UpdateSnapshotResponse;
import dev.sluice.proto.containerd.snapshots.UsageRequest;
import dev.sluice.proto.containerd.snapshots.UsageResponse;
import dev.sluice.proto.containerd.snapshots.ViewSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.ViewSnapshotResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** containerd's snapshots service: {@link Snapshots} in messages and status codes. Safe for use by many threads. */
public final class SnapshotsService extends SnapshotsGrpc.SnapshotsImplBase {
    private static final Logger log = LoggerFactory.getLogger(SnapshotsService.class);

    /** How many snapshots one message of a list carries. */
    private static final int BATCH = 100;

    private final Snapshots snapshots;

    public SnapshotsService(Snapshots snapshots) {
        this.snapshots = snapshots;
    }

    @Override
    public void prepare(PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> observer) {
        answerOne(
                observer,
                () -> PrepareSnapshotResponse.newBuilder()
                        .addAllMounts(Messages.mounts(snapshots.prepare(
                                Namespaces.of(request.getKey()),
                                request.getKey(),
                                Messages.optional(request.getParent()),
                                request.getLabelsMap())))
                        .build());
    }

    @Override
    public void view(ViewSnapshotRequest request, StreamObserver<ViewSnapshotResponse> observer) {
        answerOne(
                observer,
                () -> ViewSnapshotResponse.newBuilder()
                        .addAllMounts(Messages.mounts(snapshots.view(
                                Namespaces.of(request.getKey()),
                                request.getKey(),
                                Messages.optional(request.getParent()),
                                request.getLabelsMap())))
                        .build());
    }

    @Override
    public void mounts(MountsRequest request, StreamObserver<MountsResponse> observer) {
        answerOne(
                observer,
                () -> MountsResponse.newBuilder()
                        .addAllMounts(Messages.mounts(snapshots.mounts(request.getKey(), abandoned())))
                        .build());
    }

    @Override
    public void commit(CommitSnapshotRequest request, StreamObserver<Empty> observer) {
        answerOne(observer, () -> {
            snapshots.commit(
                    request.getKey(),
                    request.getName(),
                    Messages.optional(request.getParent()),
                    request.getLabelsMap());
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void remove(RemoveSnapshotRequest request, StreamObserver<Empty> observer) {
        answerOne(observer, () -> {
            snapshots.remove(request.getKey());
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void stat(StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
        answerOne(
                observer,
                () -> StatSnapshotResponse.newBuilder()
                        .setInfo(Messages.info(snapshots.stat(Namespaces.current(), request.getKey(), abandoned())))
                        .build());
    }

    @Override
    public void update(UpdateSnapshotRequest request, StreamObserver<UpdateSnapshotResponse> observer) {
        answerOne(observer, () -> {
            LabelUpdate update = LabelUpdate.of(
                    request.getInfo().getLabelsMap(), request.getUpdateMask().getPathsList());
            Snapshot updated = snapshots.update(request.getInfo().getName(), update);
            return UpdateSnapshotResponse.newBuilder()
                    .setInfo(Messages.info(updated))
                    .build();
        });
    }

    /**
     * The caller's namespace comes first, and in it the newest: after a lazy Prepare, containerd takes the first snapshot that has
     * the right reference and parent, and this keeps namespaces apart where it says which one it asks for.
     */
    @Override
    public void list(ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
        String namespace = Namespaces.current();
        answer(observer, () -> {
            Filter filter = filter(request);
            List<Snapshot> chosen = snapshots.all().stream()
                    .filter(snapshot -> filter.matches(new SnapshotFields(snapshot)))
                    .sorted(Comparator.comparing(
                                    (Snapshot snapshot) -> !snapshot.namespace().equals(namespace))
                            .thenComparing(Snapshot::id, Comparator.reverseOrder()))
                    .toList();
            List<ListSnapshotsResponse> batches = new ArrayList<>();
            for (int from = 0; from < chosen.size(); from += BATCH) {
                ListSnapshotsResponse.Builder batch = ListSnapshotsResponse.newBuilder();
                chosen.subList(from, Math.min(from + BATCH, chosen.size()))
                        .forEach(snapshot -> batch.addInfo(Messages.info(snapshot)));
                batches.add(batch.build());
            }
            return batches;
        });
    }

    private static Filter filter(ListSnapshotsRequest request) throws SnapshotException {
        try {
            return Filter.parse(request.getFiltersList());
        } catch (IllegalArgumentException e) {
            throw SnapshotException.invalidArgument(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void usage(UsageRequest request, StreamObserver<UsageResponse> observer) {
        answerOne(observer, () -> {
            Usage usage = snapshots.usage(request.getKey());
            return UsageResponse.newBuilder()
                    .setSize(usage.bytes())
                    .setInodes(usage.inodes())
                    .build();
        });
    }

    @Override
    public void cleanup(CleanupRequest request, StreamObserver<Empty> observer) {
        answerOne(observer, () -> {
            snapshots.cleanup();
            return Empty.getDefaultInstance();
        });
    }

    /** Whether the client of the current call has gone away. */
    private static BooleanSupplier abandoned() {
        Context call = Context.current();
        return call::isCancelled;
    }

    private interface Call<T> {
        T answer() throws SnapshotException, IOException;
    }

    private static <T> void answerOne(StreamObserver<T> observer, Call<T> call) {
        answer(observer, () -> List.of(call.answer()));
    }

    /** What goes wrong reaches containerd as a code, and nothing is sent before it is known that nothing does. */
    private static <T> void answer(StreamObserver<T> observer, Call<List<T>> call) {
        List<T> answers;
        try {
            answers = call.answer();
        } catch (SnapshotException e) {
            observer.onError(code(e.reason()).withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (IOException e) {
            log.warn("A call of containerd failed", e);
            observer.onError(failure(Status.UNAVAILABLE, e));
            return;
        } catch (RuntimeException e) {
            log.error("A call of containerd failed because of a defect of this program", e);
            observer.onError(failure(Status.INTERNAL, e));
            return;
        }
        answers.forEach(observer::onNext);
        observer.onCompleted();
    }

    private static StatusRuntimeException failure(Status status, Exception cause) {
        return status.withDescription(String.valueOf(cause.getMessage()))
                .withCause(cause)
                .asRuntimeException();
    }

    private static Status code(SnapshotException.Reason reason) {
        return switch (reason) {
            case NOT_FOUND -> Status.NOT_FOUND;
            case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
            case FAILED_PRECONDITION -> Status.FAILED_PRECONDITION;
            case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
        };
    }
}
