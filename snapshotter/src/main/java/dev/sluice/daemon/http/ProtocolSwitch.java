package dev.sluice.daemon.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the first bytes of a connection: HTTP/2 begins with a preface of its own (RFC 9113, 3.4) and is gRPC's, all else is HTTP/1.1.
 * One for each connection.
 */
final class ProtocolSwitch extends ByteToMessageDecoder {
    private static final Logger log = LoggerFactory.getLogger(ProtocolSwitch.class);

    private static final byte[] PREFACE = "PRI * HTTP/2.0".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_REQUEST = 16 << 10;

    private final LocalAddress grpc;
    private final EventLoopGroup grpcLoops;
    private final Supplier<PageHandler> pages;
    private boolean isGrpc;

    /** @param grpcLoops what connections within this process are served by */
    ProtocolSwitch(LocalAddress grpc, EventLoopGroup grpcLoops, Supplier<PageHandler> pages) {
        this.grpc = grpc;
        this.grpcLoops = grpcLoops;
        this.pages = pages;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (isGrpc) {
            // It waits here until somebody takes it.
            return;
        }
        int length = Math.min(in.readableBytes(), PREFACE.length);
        for (int i = 0; i < length; i++) {
            if (in.getByte(in.readerIndex() + i) != PREFACE[i]) {
                servePages(context);
                return;
            }
        }
        if (length == PREFACE.length) {
            serveGrpc(context);
        }
    }

    private void servePages(ChannelHandlerContext context) {
        context.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(MAX_REQUEST), pages.get());
        // What was read so far goes on to them.
        context.pipeline().remove(this);
    }

    private void serveGrpc(ChannelHandlerContext context) {
        isGrpc = true;
        Channel client = context.channel();
        client.config().setAutoRead(false);
        ByteToMessageDecoder self = this;
        ChannelFuture unused = new Bootstrap()
                .group(grpcLoops)
                .channel(LocalChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .handler(new ChannelInitializer<LocalChannel>() {
                    @Override
                    protected void initChannel(LocalChannel channel) {
                        channel.pipeline().addLast(new Relay(client));
                    }
                })
                .connect(grpc)
                .addListener((ChannelFutureListener) connected -> client.eventLoop()
                        .execute(() -> {
                            if (connected.isSuccess()) {
                                client.pipeline().addLast(new Relay(connected.channel()));
                                client.pipeline().remove(self);
                                client.read();
                            } else {
                                log.debug("The admin service is not there", connected.cause());
                                ChannelFuture unusedClose = client.close();
                            }
                        }));
    }
}
