package dev.sluice.daemon;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.mount.ImageMounts;
import dev.sluice.mount.ImageMounts.ImageMount;
import dev.sluice.mount.LayerManager;
import dev.sluice.mount.LayerStatus;
import dev.sluice.mount.TaintedMount;
import dev.sluice.ondemand.Keeper;
import dev.sluice.proto.admin.v1.AdminGrpc;
import dev.sluice.proto.admin.v1.Layer;
import dev.sluice.proto.admin.v1.MountRequest;
import dev.sluice.proto.admin.v1.MountResponse;
import dev.sluice.proto.admin.v1.StatusRequest;
import dev.sluice.proto.admin.v1.StatusResponse;
import dev.sluice.proto.admin.v1.UnmountRequest;
import dev.sluice.proto.admin.v1.UnmountResponse;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;

/** Answers {@code sluice status}, {@code mount} and {@code umount}. */
final class AdminService extends AdminGrpc.AdminImplBase {
    private final Config config;
    private final String backend;
    private final Keeper keeper;
    private final Instant started;
    private final LayerManager layers;
    private final ImageMounts imageMounts;
    private final CredentialSources credentials;

    AdminService(
            Config config,
            String backend,
            Keeper keeper,
            Instant started,
            LayerManager layers,
            ImageMounts imageMounts,
            CredentialSources credentials) {
        this.config = config;
        this.backend = backend;
        this.keeper = keeper;
        this.started = started;
        this.layers = layers;
        this.imageMounts = imageMounts;
        this.credentials = credentials;
    }

    /** The same without the calls that change something. */
    BindableService readOnly() {
        AdminService all = this;
        return new AdminGrpc.AdminImplBase() {
            @Override
            public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
                all.status(request, observer);
            }
        };
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        answer(observer, () -> {
            StatusResponse.Builder response = StatusResponse.newBuilder()
                    .setVersion(Version.current())
                    .setBackend(backend)
                    .setKeeper(keeper.toString())
                    .setRoot(config.root().toString())
                    .setAddress(config.address().toString())
                    .setContainerd(config.containerd().toString())
                    .setStartedUnixSeconds(started.getEpochSecond());
            for (LayerStatus layer : layers.status()) {
                response.addLayers(message(layer));
            }
            for (ImageMount mount : imageMounts.list()) {
                response.addImageMounts(dev.sluice.proto.admin.v1.ImageMount.newBuilder()
                        .setReference(mount.reference())
                        .setDirectory(mount.directory().toString()));
            }
            for (TaintedMount mount : layers.tainted()) {
                response.addTainted(dev.sluice.proto.admin.v1.TaintedMount.newBuilder()
                        .setDirectory(mount.directory().toString())
                        .setLayer(mount.layer()));
            }
            credentials.status().forEach(source -> response.addCredentialSources(message(source)));
            return response.build();
        });
    }

    @Override
    public void mount(MountRequest request, StreamObserver<MountResponse> observer) {
        answer(observer, () -> {
            ImageMount mount = imageMounts.mount(
                    ImageReference.parse(request.getReference()).withDefaultTag(),
                    Platform.linuxHere(),
                    absolute(request.getDirectory()));
            return MountResponse.newBuilder().setLayers(mount.layers().size()).build();
        });
    }

    @Override
    public void unmount(UnmountRequest request, StreamObserver<UnmountResponse> observer) {
        answer(observer, () -> {
            if (imageMounts.unmount(absolute(request.getDirectory())).isEmpty()) {
                throw Status.NOT_FOUND
                        .withDescription("no image is mounted at " + request.getDirectory())
                        .asRuntimeException();
            }
            return UnmountResponse.getDefaultInstance();
        });
    }

    private static Layer message(LayerStatus layer) {
        Layer.Builder message = Layer.newBuilder()
                .setDigest(layer.digest())
                .setFormat(layer.format())
                .addAllSources(layer.sources())
                .setBlobBytes(layer.blobBytes())
                .setDeviceBytes(layer.deviceBytes())
                .setPresentBytes(layer.presentBytes())
                .setFetchedBytes(layer.fetchedBytes())
                .setRequests(layer.requests())
                .setMismatches(layer.mismatches())
                .setReferences(layer.references());
        layer.mounts().forEach(mount -> message.addMounts(mount.toString()));
        return message.build();
    }

    private static dev.sluice.proto.admin.v1.CredentialSource message(SourceStatus source) {
        SourceCounts counts = source.counts();
        dev.sluice.proto.admin.v1.CredentialSource.Builder message =
                dev.sluice.proto.admin.v1.CredentialSource.newBuilder()
                        .setName(source.source())
                        .setState(
                                switch (source.state().level()) {
                                    case WORKS -> dev.sluice.proto.admin.v1.CredentialSource.State.WORKS;
                                    case EMPTY -> dev.sluice.proto.admin.v1.CredentialSource.State.EMPTY;
                                    case BROKEN -> dev.sluice.proto.admin.v1.CredentialSource.State.BROKEN;
                                })
                        .setExplanation(source.state().explanation())
                        .setGiven(counts.given())
                        .setNone(counts.none())
                        .setFailed(counts.failed())
                        .setRefused(counts.refused());
        source.trouble()
                .ifPresent(trouble -> message.setTrouble(dev.sluice.proto.admin.v1.CredentialSource.Trouble.newBuilder()
                        .setMessage(trouble.message())
                        .setAtUnixSeconds(trouble.at().getEpochSecond())));
        return message.build();
    }

    private static Path absolute(String directory) {
        Path path = Path.of(directory);
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("not an absolute path: " + directory);
        }
        return path;
    }

    private interface Answer<T> {
        T get() throws IOException;
    }

    private static <T> void answer(StreamObserver<T> observer, Answer<T> answer) {
        T message;
        try {
            message = answer.get();
        } catch (IOException e) {
            observer.onError(Status.UNAVAILABLE
                    .withDescription(e.getMessage())
                    .withCause(e)
                    .asRuntimeException());
            return;
        } catch (IllegalArgumentException e) {
            observer.onError(Status.INVALID_ARGUMENT
                    .withDescription(e.getMessage())
                    .withCause(e)
                    .asRuntimeException());
            return;
        }
        observer.onNext(message);
        observer.onCompleted();
    }
}
