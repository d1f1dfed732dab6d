"""The only place that knows every class: what each object is made of."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from dependency_injector import containers, providers
from prometheus_client import CollectorRegistry

from adapters.attended_source import AttendedSource
from adapters.aws_time import time_of_aws
from adapters.breakers import Breakers
from adapters.dead_letter_limit import DeadLetterLimit
from adapters.dynamodb_checkpoints import DynamoCheckpoints
from adapters.dynamodb_clients import order_client, state_client
from adapters.dynamodb_erasures import DynamoErasures
from adapters.dynamodb_failed_batches import DynamoFailedBatches
from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from adapters.dynamodb_shops import DynamoShops
from adapters.dynamodb_tables import TableNames, create_tables, inspect_tables
from adapters.dynamodb_user_records import DynamoUserRecords
from adapters.guards import GuardedHandling, GuardedOrders, GuardedSource
from adapters.heartbeat import Heartbeat
from adapters.logs import NAME as LOGGER
from adapters.logs import Logs
from adapters.observers import Everyone
from adapters.pacer import Pacer
from adapters.prometheus import Counting
from adapters.prometheus_gauges import Asked, Gauges
from adapters.release import version
from adapters.retrying import Retrying
from adapters.shopify_bulk import ShopifyBulkOrders
from adapters.shopify_bulk_operations import BulkOperations
from adapters.shopify_client import ShopifyClient
from adapters.shopify_downloads import Downloads
from adapters.shopify_grants import RETRIES as TOKEN_RETRIES
from adapters.shopify_grants import TIMEOUT as TOKEN_TIMEOUT
from adapters.shopify_grants import AppCredentials, ShopifyGrants
from adapters.shopify_graphql import ShopifyGraphqlOrders
from adapters.shopify_rest import ShopifyRestOrders
from adapters.shopify_rest_client import ShopifyRestClient
from adapters.shopify_session import shopify_session
from adapters.shopify_transport import ShopifyApi, ShopifyTransport
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letters import SqsDeadLetters
from adapters.sqs_inbox import SqsInbox
from adapters.sqs_move_tasks import SqsMoveTasks
from adapters.sqs_publisher import SqsPublisher
from adapters.sqs_queue_checks import Expected, inspect_queues
from adapters.sqs_queues import create_queues
from adapters.stopping import Stopping
from adapters.system_clock import SystemChance, SystemClock
from adapters.watched_checkpoints import WatchedCheckpoints
from config import aws
from config.settings import Settings, required, unknown_variables
from domain.checkpoints import SourceName
from domain.continuing import ContinueRun
from domain.erasing import PurgeUser, RedactCustomer
from domain.erasures import settled_after
from domain.giving_up import GiveUpPage
from domain.handling import HandleDelivery
from domain.keeping import KeepFailedBatches
from domain.messages import Message
from domain.publishing import PublishPage
from domain.reaching import FindShop
from domain.refreshing import RefreshTokens
from domain.requesting import AnswerRequest
from domain.retrying_batches import RetryFailedBatch
from domain.watching import TakeUpStalledRuns
from domain.working import WorkOnPage


class Container(containers.DeclarativeContainer):
    """Give it `settings`; ask it only from an entrypoint."""

    settings = providers.Dependency(instance_of=Settings)
    encode: providers.Dependency[Callable[[Message], str]] = providers.Dependency()
    """A message's body: the wire format is the entrypoints' matter."""

    # The process
    clock = providers.Singleton(SystemClock)
    chance = providers.Singleton(SystemChance)
    stopping = providers.Singleton(Stopping)
    version = providers.Callable(version)

    # What happened
    registry = providers.Singleton(CollectorRegistry)
    counting = providers.Singleton(Counting, registry, clock, version)
    logs = providers.Singleton(Logs, providers.Callable(logging.getLogger, LOGGER))
    observer = providers.Singleton(Everyone, providers.List(counting, logs))
    breakers = providers.Singleton(Breakers, clock, chance, observer)

    # AWS
    session = providers.Singleton(aws.session)

    # DynamoDB
    dynamodb = providers.Singleton(state_client, session, settings.provided.connections)
    orders_client = providers.Singleton(order_client, session, settings.provided.connections)
    table_names = providers.Singleton(
        TableNames,
        settings.provided.checkpoints_table,
        settings.provided.orders_table,
        settings.provided.shops_table,
    )
    stored_checkpoints = providers.Singleton(
        DynamoCheckpoints,
        dynamodb,
        settings.provided.checkpoints_table,
        settings.provided.checkpoint_ttl,
        clock,
        chance.provided.new_id,
    )
    checkpoints = providers.Singleton(WatchedCheckpoints, stored_checkpoints, breakers)
    failed_batches = providers.Singleton(
        DynamoFailedBatches, dynamodb, settings.provided.checkpoints_table, clock
    )
    vault = providers.Singleton(
        aws.token_vault,
        session.provider,
        settings.provided.tokens_kms_key,
        settings.provided.connections,
        clock,
    )
    shops = providers.Singleton(DynamoShops, dynamodb, settings.provided.shops_table, clock, vault)
    erasures = providers.Singleton(
        DynamoErasures, dynamodb, settings.provided.checkpoints_table, clock
    )
    user_records = providers.Singleton(DynamoUserRecords, dynamodb, table_names, clock)
    stored_orders = providers.Singleton(
        DynamoOrders,
        providers.Singleton(
            OrderTable,
            orders_client,
            settings.provided.orders_table,
            providers.Callable(WriteMode, settings.provided.order_writes),
        ),
        clock,
        chance,
        stopping,
        observer,
        erasures,
        settings.provided.customer_data,
    )
    orders = providers.Singleton(GuardedOrders, stored_orders, breakers)

    # Shopify
    transport = providers.Singleton(
        ShopifyTransport,
        providers.Singleton(
            ShopifyApi,
            settings.provided.shopify_url,
            settings.provided.shopify_api_version,
            settings.provided.shopify_timeout,
        ),
        providers.Singleton(shopify_session, settings.provided.connections),
        clock,
    )
    pacer = providers.Singleton(Pacer, clock, stopping)
    attempts = providers.Factory(Retrying, settings.provided.retries, stopping, chance, observer)
    shopify = providers.Singleton(
        ShopifyGraphqlOrders,
        providers.Singleton(ShopifyClient, transport, attempts, observer, pacer),
        settings.provided.customer_data,
    )
    shopify_rest = providers.Singleton(
        ShopifyRestOrders,
        providers.Singleton(
            ShopifyRestClient,
            transport,
            providers.Factory(attempts, source=SourceName.REST),
            observer,
            pacer,
        ),
        settings.provided.customer_data,
    )
    bulk = providers.Singleton(
        ShopifyBulkOrders,
        providers.Singleton(
            BulkOperations,
            providers.Singleton(
                ShopifyClient,
                transport,
                providers.Factory(attempts, source=SourceName.BULK),
                observer,
                pacer,
            ),
        ),
        providers.Singleton(
            Downloads,
            # A session of its own: nothing that was ever sent to Shopify is in it.
            providers.Singleton(shopify_session, settings.provided.connections),
            clock,
            settings.provided.shopify_timeout,
            settings.provided.plain_downloads,
        ),
        shopify,
        clock,
        settings.provided.customer_data,
    )
    grants = providers.Singleton(
        ShopifyGrants,
        providers.Singleton(
            ShopifyTransport,
            providers.Singleton(
                ShopifyApi,
                settings.provided.shopify_url,
                settings.provided.shopify_api_version,
                TOKEN_TIMEOUT,
            ),
            providers.Singleton(shopify_session, settings.provided.connections),
            clock,
        ),
        providers.Singleton(Retrying, TOKEN_RETRIES, stopping, chance, observer),
        providers.Singleton(
            AppCredentials, settings.provided.shopify_client_id, settings.provided.client_secret
        ),
    )
    refresh_tokens = providers.Singleton(
        RefreshTokens, shops, grants, clock, chance, stopping, observer
    )
    sources = providers.Dict(
        {
            SourceName.GRAPHQL: providers.Singleton(
                GuardedSource,
                providers.Singleton(AttendedSource, shopify, refresh_tokens, shops, observer),
                breakers,
            ),
            SourceName.REST: providers.Singleton(
                GuardedSource,
                providers.Singleton(AttendedSource, shopify_rest, refresh_tokens, shops, observer),
                breakers,
            ),
            SourceName.BULK: providers.Singleton(
                GuardedSource,
                providers.Singleton(AttendedSource, bulk, refresh_tokens, shops, observer),
                breakers,
            ),
        }
    )

    # SQS
    queue_urls = providers.Singleton(
        QueueUrls,
        providers.Callable(required, "SYNC_QUEUE_URL", settings.provided.queue_url),
        providers.Callable(required, "SYNC_DLQ_URL", settings.provided.dlq_url),
    )
    sqs_clients = providers.Singleton(
        SqsClients,
        receive=providers.Singleton(aws.receiving_client, session, settings.provided.long_poll),
        settle=providers.Singleton(aws.settling_client, session, settings.provided.connections),
        send=providers.Singleton(aws.sending_client, session, settings.provided.connections),
    )
    inbox = providers.Singleton(SqsInbox, sqs_clients, queue_urls, settings.provided.visibility)
    publisher = providers.Singleton(
        SqsPublisher, sqs_clients.provided.send, queue_urls, encode, clock
    )
    dead_letters = providers.Singleton(SqsDeadLetters, sqs_clients, queue_urls, clock)
    move_tasks = providers.Singleton(SqsMoveTasks, sqs_clients.provided.settle, queue_urls)
    heartbeat = providers.Singleton(
        Heartbeat, inbox, checkpoints, clock, observer, settings.provided.visibility
    )
    gauges = providers.Singleton(
        Gauges,
        registry,
        providers.Singleton(
            Asked,
            checkpoints,
            failed_batches,
            inbox,
            clock,
            settings.provided.policy.stall_grace,
        ),
        observer,
    )

    # What the daemon does
    policy = settings.provided.policy
    dead_letter_limit = providers.Singleton(DeadLetterLimit, clock, observer)
    find_shop = providers.Singleton(FindShop, shops, erasures)
    settled_after = providers.Callable(settled_after, settings.provided.visibility)
    purge_user = providers.Singleton(
        PurgeUser, erasures, user_records, observer, clock, settled_after
    )
    redact_customer = providers.Singleton(
        RedactCustomer, erasures, user_records, observer, clock, settled_after
    )
    publish_page = providers.Singleton(PublishPage, checkpoints, publisher, clock, chance)
    work = providers.Singleton(
        WorkOnPage,
        checkpoints=checkpoints,
        find_shop=find_shop,
        sources=sources,
        orders=orders,
        keep_failed=providers.Singleton(
            KeepFailedBatches, failed_batches, publisher, observer, clock, dead_letter_limit
        ),
        leases=heartbeat,
        publish=publish_page,
        give_up=providers.Singleton(GiveUpPage, checkpoints, observer, clock, chance, policy),
        observer=observer,
        clock=clock,
        policy=policy,
    )
    continue_run = providers.Singleton(
        ContinueRun, checkpoints, work, publish_page, observer, clock, chance, policy
    )
    handle_delivery = providers.Singleton(
        GuardedHandling,
        providers.Singleton(
            HandleDelivery,
            answer_request=providers.Singleton(
                AnswerRequest, checkpoints, work, continue_run, observer, clock, chance, policy
            ),
            continue_run=continue_run,
            retry_batch=providers.Singleton(
                RetryFailedBatch,
                failed_batches=failed_batches,
                find_shop=find_shop,
                sources=sources,
                orders=orders,
                publisher=publisher,
                observer=observer,
                clock=clock,
                chance=chance,
                policy=policy,
            ),
            purge=purge_user,
            redact=redact_customer,
            observer=observer,
            chance=chance,
        ),
        breakers,
    )
    watchdog = providers.Singleton(
        TakeUpStalledRuns, checkpoints, publish_page, observer, clock, chance, policy
    )

    # Setting up and looking after
    misspelt = providers.Callable(unknown_variables, os.environ)
    time_of_aws = providers.Callable(time_of_aws, dynamodb)
    prove_vault = vault.provided.prove.call()
    create_tables = providers.Callable(create_tables, dynamodb, table_names)
    inspect_tables = providers.Callable(inspect_tables, dynamodb, table_names)
    create_queues = providers.Callable(
        create_queues, sqs_clients.provided.settle, queue_urls, settings.provided.visibility
    )
    inspect_queues = providers.Callable(
        inspect_queues,
        sqs_clients.provided.settle,
        queue_urls,
        providers.Singleton(Expected, settings.provided.visibility, settings.provided.max_attempts),
    )
