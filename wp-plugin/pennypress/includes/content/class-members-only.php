<?php
/**
 * Posts that a membership plugin closes to visitors.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Asks the best-known membership plugins, each by the function that it offers for that, whether a stranger may read a post. Some
 * of them send strangers to another page when a post is opened, which rendering its content cannot show.
 */
final class Members_Only {

	/**
	 * Whether one of these plugins closes a post to a stranger.
	 *
	 * @param \WP_Post $post A post.
	 * @return bool
	 */
	public static function has( $post ) {
		$plugins = array_filter( self::plugins(), 'is_callable', ARRAY_FILTER_USE_KEY );
		$user    = get_current_user_id();
		if ( $plugins ) {
			wp_set_current_user( 0 ); // Several of them take "no user" for the one who is signed in.
		}
		try {
			foreach ( $plugins as $closes ) {
				if ( $closes( $post ) ) {
					return true;
				}
			}
			return false;
		} finally {
			if ( $plugins ) {
				wp_set_current_user( $user );
			}
		}
	}

	/**
	 * How each plugin is asked, by the name of the function that tells whether it is there.
	 *
	 * @return array<string, callable>
	 */
	private static function plugins() {
		return array(
			// Paid Memberships Pro.
			'pmpro_has_membership_access'               => static fn( $post ) => ! pmpro_has_membership_access( $post->ID ),
			// MemberPress.
			'MeprRule::is_locked'                       => static fn( $post ) => \MeprRule::is_locked( $post ),
			// Restrict Content Pro.
			'rcp_user_can_access'                       => static fn( $post ) => ! rcp_user_can_access( 0, $post->ID ),
			// Members.
			'members_can_user_view_post'                => static fn( $post ) => ! members_can_user_view_post( 0, $post->ID ),
			// WooCommerce Memberships.
			'wc_memberships_is_post_content_restricted' => static fn( $post ) => wc_memberships_is_post_content_restricted( $post->ID ) && ! current_user_can( 'wc_memberships_view_restricted_post_content', $post->ID ), // phpcs:ignore WordPress.WP.Capabilities.Unknown -- that plugin's own.
		);
	}
}
