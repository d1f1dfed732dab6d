"""What is asked of an order: selections of the Admin API's schema, version 2026-10.

Objects, lists of objects and connections cost points, scalars and money do not
(shopify.dev/docs/api/usage/limits). Per order that is 13 points, 17 with the customer's data,
besides line items; per line item 6.

Without the customer's data nothing here needs level 2 of Shopify's protected customer data
(names, addresses, e-mail, phone). That also rules out `ShippingLine.phone`, `Order.clientIp` and
`Order.statusPageUrl`, which shows the order to anybody.
"""

from __future__ import annotations

MONEY = """
fragment Money on MoneyBag {
  shopMoney { amount currencyCode }
  presentmentMoney { amount currencyCode }
}
"""

PAGE_INFO = "pageInfo { hasNextPage endCursor }"

TAX_LINES = "taxLines { title rate ratePercentage priceSet { ...Money } channelLiable source }"

DISCOUNT_ALLOCATIONS = "discountAllocations { allocatedAmountSet { ...Money } }"

LINE_ITEM = f"""
id name title variantTitle vendor sku
quantity currentQuantity unfulfilledQuantity nonFulfillableQuantity refundableQuantity
requiresShipping taxable isGiftCard
product {{ id }}
variant {{ id }}
originalUnitPriceSet {{ ...Money }}
discountedUnitPriceSet {{ ...Money }}
originalTotalSet {{ ...Money }}
discountedTotalSet {{ ...Money }}
totalDiscountSet {{ ...Money }}
customAttributes {{ key value }}
{TAX_LINES}
{DISCOUNT_ALLOCATIONS}
"""

SHIPPING_LINE = f"""
id title code source carrierIdentifier deliveryCategory custom isRemoved
originalPriceSet {{ ...Money }}
discountedPriceSet {{ ...Money }}
{TAX_LINES}
{DISCOUNT_ALLOCATIONS}
"""

CONNECTIONS = {"lineItems": LINE_ITEM, "shippingLines": SHIPPING_LINE}
"""The connections of an order, by field, with what is asked of each of their nodes."""

FIRST = {"lineItems": 50, "shippingLines": 2}
"""Nodes of each connection that come with the order; further ones are asked for one by one."""

ORDER = f"""
id legacyResourceId name number
createdAt updatedAt processedAt closedAt cancelledAt cancelReason
currencyCode presentmentCurrencyCode confirmed test taxesIncluded taxExempt edited
tags note poNumber sourceName sourceIdentifier paymentGatewayNames discountCodes
displayFinancialStatus displayFulfillmentStatus returnStatus
totalPriceSet {{ ...Money }}
subtotalPriceSet {{ ...Money }}
totalTaxSet {{ ...Money }}
totalDiscountsSet {{ ...Money }}
totalShippingPriceSet {{ ...Money }}
totalRefundedSet {{ ...Money }}
totalOutstandingSet {{ ...Money }}
totalReceivedSet {{ ...Money }}
totalTipReceivedSet {{ ...Money }}
netPaymentSet {{ ...Money }}
originalTotalPriceSet {{ ...Money }}
currentTotalPriceSet {{ ...Money }}
currentSubtotalPriceSet {{ ...Money }}
currentTotalTaxSet {{ ...Money }}
currentTotalDiscountsSet {{ ...Money }}
customAttributes {{ key value }}
{TAX_LINES}
refunds {{ id createdAt note totalRefundedSet {{ ...Money }} }}
fulfillments {{ id status displayStatus createdAt trackingInfo {{ number company url }} }}
app {{ id name }}
"""

CUSTOMER = "customer { id legacyResourceId }"

ADDRESS = """
name firstName lastName company address1 address2 city zip province provinceCode
country countryCodeV2 phone latitude longitude
"""

CUSTOMER_IN_FULL = f"""
email phone
customer {{
  id legacyResourceId firstName lastName displayName locale tags
  defaultEmailAddress {{ emailAddress }}
  defaultPhoneNumber {{ phoneNumber }}
}}
shippingAddress {{ {ADDRESS} }}
billingAddress {{ {ADDRESS} }}
"""
